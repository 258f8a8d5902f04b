// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/alloca_blocks.hpp"

#include <cstdlib>

#include "runtime/newstack.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

constexpr std::size_t header = (sizeof(alloca_block) + 63) / 64 * 64;  // what follows is aligned for any vector

void free_returned(g* gp, std::uintptr_t sp, bool on_g0) {
    for (alloca_block** link = &gp->allocas; *link != nullptr;) {
        alloca_block* block = *link;
        if (block->on_g0 != on_g0 || block->sp >= sp) {
            link = &block->next;
            continue;
        }
        *link = block->next;
        std::free(block);
    }
}

}  // namespace

void* allocate_alloca(g* gp, std::uintptr_t sp, bool on_g0, std::size_t size) {
    free_returned(gp, sp, on_g0);
    std::size_t bytes = (header + size + 63) / 64 * 64;
    void* at = bytes > size ? std::aligned_alloc(64, bytes) : nullptr;
    if (at == nullptr) fatal_in("alloca", "out of memory");
    gp->allocas = ::new (at) alloca_block{gp->allocas, sp, on_g0};
    return static_cast<char*>(at) + header;
}

void free_all_allocas(g* gp) {
    while (alloca_block* block = gp->allocas) {
        gp->allocas = block->next;
        std::free(block);
    }
}

}  // namespace gangway::runtime

extern "C" void* gangway_allocate_stack_space(std::uintptr_t sp, std::size_t size) {
    using namespace gangway::runtime;
    m* mp = getm();
    check(mp != nullptr && mp->curg != nullptr, "alloca: a stack guard where no goroutine runs");
    return allocate_alloca(mp->curg, sp, !on_curg_stack(mp), size);
}
