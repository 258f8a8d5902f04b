// SPDX-License-Identifier: BSD-3-Clause
// Errors that quote a declaration and mark a place in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <gangway/ffi.hpp>

namespace gangway::ffi::detail {

// A declaration, and the public call that was given it: "gangway::ffi::function".
struct source {
    std::string_view call;
    std::string_view text;
};

// Throws error:
//   gangway::ffi::function: WHAT
//     int add(int, , int)
//                  ^
[[noreturn]] void fail_at(const source& in, std::size_t at, const std::string& what);

// Text of a user's for an error's: in quotes, of bounded length, printable.
std::string quoted(std::string_view text);

}  // namespace gangway::ffi::detail
