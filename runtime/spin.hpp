// SPDX-License-Identifier: BSD-3-Clause
// Looking a little longer for what another thread is about to bring, instead of sleeping in the kernel for it.
#pragma once

#include <algorithm>
#include <sched.h>
#include <utility>

#include "runtime/bound.hpp"
#include "runtime/lock_futex.hpp"
#include "runtime/runq.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// About what the kernel needs to wake a thread: who spins for as long as that never pays more than twice the least.
constexpr std::int64_t spin_ns = 20'000;

// Lets the thread that is to bring it have this CPU, where it waits for that one. Who yields goes behind all others
// of the machine, for a slice of theirs: where others compute, to sleep and be woken is sooner. False: it was so.
inline bool yield_cpu(m* mp, std::int64_t* now) {
    constexpr std::int64_t others_compute = 200'000;  // ns
    sched_yield();
    std::int64_t before = std::exchange(*now, nanotime());
    if (*now - before < others_compute) return true;
    mp->yields.stop();
    return false;
}

// On mp, with its p. True once come() is. Not beside goroutines that could have the p, unless an m is on its way to
// take them, or they have waited for others_ns at most: what mp has just readied is mostly who will bring the next.
// Nor past the time of a timer of its p's.
template <class F>
bool spin_for(m* mp, F come, std::int64_t others_ns = 0) {
    constexpr int pauses_between_looks = 16;
    constexpr std::int64_t one_cpu_ns = 1'000;              // longer only where it was another thread's meanwhile
    if (load_relaxed(sched.gomaxprocs) == 1) return false;  // who would bring it?
    const bool one_cpu = load_relaxed(sched.one_cpu);
    bool yields = mp->yields.pay();
    if (one_cpu && !yields) return false;
    std::int64_t now = nanotime();
    std::int64_t until = std::min(now + (one_cpu ? one_cpu_ns : spin_ns), load_acquire(mp->p->timers.earliest));
    std::int64_t others_since = now;
    do {
        for (int i = 0; i < (one_cpu ? 1 : pauses_between_looks); i++) {
            if (come()) return true;
            cpu_relax();
        }
        if ((load_relaxed(sched.attention) & ~attention_chaos) != 0) return false;
        bool others_wait = load_relaxed(sched.runqsize) != 0 || !runqempty(mp->p);
        if (!one_cpu) now = nanotime();
        if (!others_wait || load_relaxed(sched.nmspinning) != 0) {
            others_since = now;
        } else if (now - others_since >= others_ns) {
            return false;
        }
        if (yields && !yield_cpu(mp, &now)) return come();
    } while (now < until);
    return come();
}

}  // namespace gangway::runtime
