// SPDX-License-Identifier: BSD-3-Clause
// The goroutine's end, to its goroutine_locals.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// On gp's own stack, its function and its frames gone: destroys gp->locals. May park.
void end_locals(g* gp) noexcept;

}  // namespace gangway::runtime
