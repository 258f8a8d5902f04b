// SPDX-License-Identifier: BSD-3-Clause
// Exceptions that could not come out of a call because another did: what callbacks threw after the first, and what they
// threw where the callee itself threw.
#pragma once

#include <exception>
#include <vector>

namespace gangway::runtime {

using exceptions = std::vector<std::exception_ptr>;

// On a goroutine, in its call: e goes with what that call throws. Where there is no memory for that it is lost.
void suppress(std::exception_ptr e) noexcept;
// A callback's function begins: what its own calls suppress is another list. Gives the outer one, to be put back.
exceptions set_suppressed(exceptions of_call) noexcept;
// The call throws: its list is what suppressed_exceptions() gives from now on.
void publish_suppressed() noexcept;

}  // namespace gangway::runtime
