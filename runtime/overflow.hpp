// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace gangway::runtime {

struct g;

// A fault in the guard of a goroutine's stack, or below a thread's, becomes "fatal error: stack overflow". Any other
// fault goes where it went before.
void install_overflow_handler();

// The same report, for who sees it coming. Any stack.
[[noreturn]] void fatal_overflow(const g* gp);

}  // namespace gangway::runtime
