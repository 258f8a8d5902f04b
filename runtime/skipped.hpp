// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace gangway::runtime {

// C has left a callback by longjmp. Names the callback's function and, where it is known, that of the call that C is in.
[[noreturn]] void fatal_skipped_callback(void (*callback)(void*), void (*call)(void*)) noexcept;

}  // namespace gangway::runtime
