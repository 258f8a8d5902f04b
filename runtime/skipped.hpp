// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace gangway::runtime {

// C has left a callback by longjmp. Names the callback's function and, where it is known (not 0), that of the call
// that C is in, by their addresses.
[[noreturn]] void fatal_skipped_callback(std::uintptr_t callback, std::uintptr_t call) noexcept;

}  // namespace gangway::runtime
