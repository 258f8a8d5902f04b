// SPDX-License-Identifier: BSD-3-Clause
// What cannot be recovered from: one line, every goroutine's trace, abort(). Only the first caller reports.
#pragma once

namespace gangway::runtime {

// "fatal error: " text. Any stack, any thread, a signal handler too.
[[noreturn]] void fatal(const char* text) noexcept;
// "fatal error: " what ": " text
[[noreturn]] void fatal_in(const char* what, const char* text) noexcept;
// The same with a line of detail before it.
[[noreturn]] void fatal_with(const char* detail, const char* text) noexcept;

// A broken invariant of the runtime's own: fatal with that text.
inline void check(bool holds, const char* text) {
    if (!holds) [[unlikely]]
        fatal(text);
}

}  // namespace gangway::runtime
