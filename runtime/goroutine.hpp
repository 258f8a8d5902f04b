// SPDX-License-Identifier: BSD-3-Clause
// A goroutine's start and end.
#pragma once

#include <cstddef>

#include "runtime/types.hpp"

namespace gangway::runtime {

// Lays out gp's stack so that the first switch to it enters goroutine_main. `below`: the lowest address in use at the
// top of its stack.
void prepare_start(g* gp, void* below, void (*entry)(void*), void* arg);
std::uint64_t next_goid(p* pp);

// In the handler: "uncaught exception in WHERE<goid>: type: what()".
[[noreturn]] void fatal_uncaught(const g* gp, const char* where);

// The goexit that a callback kept, continued once C has returned.
[[noreturn]] void continue_goexit(g* gp);

}  // namespace gangway::runtime
