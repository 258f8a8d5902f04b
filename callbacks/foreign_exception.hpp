// SPDX-License-Identifier: BSD-3-Clause
// What leaves a callback on a thread that the runtime did not make.
#pragma once

#include <exception>

namespace gangway::detail {

// On the callback's goroutine: to the program's handler. Fatal without one, and when that throws.
void unhandled_in_callback(std::exception_ptr thrown) noexcept;

}  // namespace gangway::detail
