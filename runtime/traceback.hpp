// SPDX-License-Identifier: BSD-3-Clause
// Every goroutine with its state, as text.
#pragma once

#include <string>

namespace gangway::runtime {

// "goroutine ID [state]:" for each. Never allocates: for a process that is dying.
void traceback_all(int fd) noexcept;
// The same into a string.
std::string traceback_all();

}  // namespace gangway::runtime
