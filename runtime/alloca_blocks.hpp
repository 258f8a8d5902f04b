// SPDX-License-Identifier: BSD-3-Clause
// Memory that stands in for alloca's in code built with -fsplit-stack, where the guard left it no room: the stack is
// short, or the guard was poisoned between the function's entry and the alloca.
//
// Nobody says when the function returns. Each block knows its function's sp: once a function with a higher one asks on
// the same stack, that frame is gone, and the block with it. The others go with the goroutine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gangway::runtime {

struct g;

struct alloca_block {
    alloca_block* next;
    std::uintptr_t sp;
    bool on_g0;
};

// gp's thread only.
void* allocate_alloca(g* gp, std::uintptr_t sp, bool on_g0, std::size_t size);
void free_all_allocas(g* gp);

}  // namespace gangway::runtime
