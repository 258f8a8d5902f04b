// SPDX-License-Identifier: BSD-3-Clause
// A place in the source. std::source_location, which libstdc++ has for Clang only from 15 on.
#pragma once

namespace gangway::detail {

struct place {
    const char* file = "";
    const char* function = "";
    unsigned line = 0;

    // As a default argument: that of the call.
    static constexpr place current(const char* file = __builtin_FILE(),
                                   const char* function = __builtin_FUNCTION(),
                                   unsigned line = static_cast<unsigned>(__builtin_LINE())) noexcept {
        return {file, function, line};
    }
};

}  // namespace gangway::detail
