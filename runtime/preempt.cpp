// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/preempt.hpp"

#include <cpuid.h>
#include <gangway/runtime.hpp>
#include <mutex>

#include "runtime/alloca_blocks.hpp"
#include "runtime/newstack.hpp"
#include "runtime/overflow.hpp"
#include "runtime/park.hpp"
#include "runtime/stack.hpp"
#include "runtime/syscall.hpp"
#include "runtime/systemstack.hpp"

namespace gangway::runtime {

namespace {

// A function whose frame is smaller compares sp itself.
constexpr std::size_t frame_not_counted = 256;

void poison(m* mp) {
    std::atomic_ref<std::uintptr_t>(*mp->stackguard_at).store(stack_preempt, std::memory_order_relaxed);
}

// In the prologue of a function that runs on g0. Its guard is a goroutine's, and a thread's stack may lie below that.
void newstack_on_g0(m* mp) {
    if (mp->curg == nullptr) {
        set_stackguard(0);  // the scheduler: execute() sets it
    } else if (preempt_off_depth() != 0) {
        set_stackguard(0);
        put_preempt_off();
    } else if (load_relaxed(mp->in_syscall) != 0) {
        set_stackguard(0);
        sched.lock.lock();
        store_seq_cst(mp->p_taken, load_relaxed(mp->p_taken) | guard_was_reset);  // the way out of C restores it
        sched.lock.unlock();
    }
    // Else a leaf_call, or the runtime's own: nothing on the way back looks, so the guard stays.
}

bool allowed(const m* mp, const g* gp) {
    return preempt_off_depth() == 0 && gp->nopreempt == 0 && load_relaxed(mp->in_syscall) == 0 &&
           load_relaxed(sched.exiting_m) != mp;
}

}  // namespace

void request_preempt(m** ms, int n) {
    for (int i = 0; i < n; i++) {
        store_seq_cst(ms[i]->p_taken, load_relaxed(ms[i]->p_taken) | preempt);  // H5
        std::lock_guard guard(stacks_lock);                                     // P4
        if (g* gp = ms[i]->curg) store_relaxed(gp->preempt, true);
    }
    heavy_fence();  // P2
    for (int i = 0; i < n; i++) poison(ms[i]);
}

void restore_stackguard(g* gp) {
    set_stackguard(gp->stackguard);
    light_fence();  // P2
    if (load_relaxed(gp->preempt)) set_stackguard(stack_preempt);
}

void preempt_if_allowed(m* mp, g* gp) {
    if (!load_relaxed(gp->preempt)) {
        restore_stackguard(gp);  // it was meant for one that ran here before
        return;
    }
    if (!allowed(mp, gp)) {
        set_stackguard(gp->stackguard);
        if (preempt_off_depth() != 0) put_preempt_off();
        return;
    }
    if (load_relaxed(mp->p_taken) != 0) {
        sched.lock.lock();
        store_relaxed(mp->p_taken, load_relaxed(mp->p_taken) & ~preempt);
        sched.lock.unlock();
    }
    clear_preempt(gp);
    count(mp->preemptions);
    yield_slice();
}

void find_vector_state() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    __get_cpuid(1, &a, &b, &c, &d);
    if ((c & bit_OSXSAVE) == 0) return;
    unsigned enabled = 0, high = 0;
    asm("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    // SSE, AVX, and AVX-512's three: what may hold arguments.
    constexpr unsigned argument_state = 1U << 1 | 1U << 2 | 1U << 5 | 1U << 6 | 1U << 7;
    unsigned size = 576;  // x87's and SSE's places and the header
    for (unsigned i = 2; i < 8; i++) {
        if ((enabled & argument_state & 1U << i) == 0) continue;
        __get_cpuid_count(0xd, i, &a, &b, &c, &d);
        if (a + b > size) size = a + b;
    }
    gangway_vector_state = {enabled & argument_state, size};
}

}  // namespace gangway::runtime

using namespace gangway::runtime;

extern "C" {

vector_state gangway_vector_state = {0, 576};

void gangway_newstack(std::uintptr_t sp, std::size_t frame) {
    m* mp = getm();
    if (mp == nullptr) {
        set_stackguard(0);  // it was an m once
        return;
    }
    if (!on_curg_stack(mp)) {
        newstack_on_g0(mp);
        return;
    }
    g* gp = mp->curg;
    std::size_t room = sp - gp->stackguard;  // sp is within the stack: wraps round below the guard
    std::size_t needed = frame < frame_not_counted ? 0 : frame;
    if (sp < gp->stackguard || room < needed) systemstack([gp] { fatal_overflow(gp); });
    preempt_if_allowed(mp, gp);
}

}  // extern "C"

namespace gangway {

preempt_guard::preempt_guard() noexcept {
    m* mp = getm();
    if (mp != nullptr && mp->curg != nullptr) mp->curg->nopreempt++;
}

preempt_guard::~preempt_guard() {
    m* mp = getm();
    if (mp == nullptr || mp->curg == nullptr) return;
    g* gp = mp->curg;
    if (--gp->nopreempt == 0 && load_relaxed(gp->preempt) && on_curg_stack(mp)) preempt_if_allowed(mp, gp);
}

}  // namespace gangway
