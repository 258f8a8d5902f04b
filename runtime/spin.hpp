// SPDX-License-Identifier: BSD-3-Clause
// Looking a little longer for what another thread is about to bring, instead of sleeping in the kernel for it.
#pragma once

#include "runtime/bound.hpp"
#include "runtime/lock_futex.hpp"
#include "runtime/runq.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// About what the kernel needs to wake a thread: who spins for as long as that never pays more than twice the least.
constexpr std::int64_t spin_ns = 20'000;

// On mp, with its p. True once come() is. Not beside goroutines that could have the p, unless an m is on its way to take
// them: what mp has just readied is mostly who will bring the next.
template <class F>
bool spin_for(const m* mp, F come) {
    constexpr int pauses_between_looks = 16;
    if (load_relaxed(sched.gomaxprocs) == 1) return false;  // who would bring it?
    std::int64_t until = nanotime() + spin_ns;
    do {
        for (int i = 0; i < pauses_between_looks; i++) {
            if (come()) return true;
            cpu_relax();
        }
        if ((load_relaxed(sched.attention) & ~attention_chaos) != 0) return false;
        bool others_wait = load_relaxed(sched.runqsize) != 0 || !runqempty(mp->p);
        if (others_wait && load_relaxed(sched.nmspinning) == 0) return false;
    } while (nanotime() < until);
    return false;
}

}  // namespace gangway::runtime
