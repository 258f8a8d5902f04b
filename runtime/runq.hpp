// SPDX-License-Identifier: BSD-3-Clause
// A p's run queue: a ring that its owner fills and everybody empties, and runnext before it.
//
//  R1 Only the owner writes runqtail and the slots: the slot first, then runqtail with release. A thief loads runqtail
//     with acquire and so sees the slot, and what its g was when it was queued.
//  R2 Everybody takes by moving runqhead with a CAS that releases: the owner loads runqhead with acquire before it
//     fills a slot again, so that slot's readers are done. A thief whose CAS fails has copied gs that are not its own
//     and drops them.
//  R3 runqhead <= runqtail <= runqhead + runq_size, as unsigned differences.
//  R4 runnext is put by the owner and taken, by anybody, with one atomic operation on the word.
//
// Two goroutines that ready each other by turns stay in runnext and could keep the ring waiting for ever: after
// runnext_limit of them in a row the ring comes first.
#pragma once

#include <cstdint>

#include "runtime/types.hpp"

namespace gangway::runtime {

constexpr std::uint32_t runnext_limit = 64;

// Owner only. Puts gp at the tail, or into runnext, whose goroutine then goes to the tail. When the ring is full, half
// of it goes to the global queue.
void runqput(p* pp, g* gp, bool next);
void runqputslow(p* pp, g* gp, std::uint32_t head, std::uint32_t tail);

// Any thread: a look from outside. True at some moment during the call.
bool runqempty(const p* pp);
// Any thread: about how many.
std::uint32_t runqlen(const p* pp);
// Owner of pp only: takes half of victim's ring, or its runnext where `next` allows. One of them, the rest in pp's ring.
g* runqsteal(p* pp, p* victim, bool next);
// Any thread: the head of victim's ring.
g* runqsteal_one(p* victim);

inline void runqput_tail(p* pp, g* gp) {
    std::uint32_t head = load_acquire(pp->runqhead);  // R2
    std::uint32_t tail = load_relaxed(pp->runqtail);
    if (tail - head < runq_size) [[likely]] {
        store_relaxed(pp->runq[tail % runq_size], gp);
        store_release(pp->runqtail, tail + 1);  // R1
        return;
    }
    runqputslow(pp, gp, head, tail);
}

inline void runqput(p* pp, g* gp, bool next) {
    if (next) {
        gp = exchange_acq_rel(pp->runnext, gp);  // R4
        if (gp == nullptr) return;
    }
    runqput_tail(pp, gp);
}

inline g* runqget_ring(p* pp) {
    for (;;) {
        std::uint32_t head = load_acquire(pp->runqhead);
        if (head == load_relaxed(pp->runqtail)) return nullptr;
        g* gp = load_relaxed(pp->runq[head % runq_size]);
        if (cas_release(pp->runqhead, head, head + 1)) return gp;  // R2
    }
}

inline g* runqget_next(p* pp) {
    g* next = load_relaxed(pp->runnext);
    // Acquire is not needed: the owner put it there itself. R4
    return next != nullptr && cas_relaxed(pp->runnext, next, nullptr) ? next : nullptr;
}

// Owner only.
inline g* runqget(p* pp) {
    if (pp->runnext_streak < runnext_limit) [[likely]] {
        if (g* gp = runqget_next(pp)) {
            pp->runnext_streak++;
            return gp;
        }
    }
    pp->runnext_streak = 0;
    if (g* gp = runqget_ring(pp)) return gp;
    return runqget_next(pp);
}

}  // namespace gangway::runtime
