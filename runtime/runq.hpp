// SPDX-License-Identifier: BSD-3-Clause
// A p's run queue: a ring that its owner fills and everybody empties, and runnext before it.
//
//  R1 Only the owner writes runqtail and the slots: the slot first, then runqtail with release. A thief loads runqtail
//     with acquire and so sees the slot, and what its g was when it was queued.
//  R2 Everybody takes by moving runqhead, thieves with a CAS that releases: the owner loads runqhead with acquire before
//     it fills a slot again, so that slot's readers are done. A thief whose CAS fails has copied gs that are not its own
//     and drops them.
//  R3 runqhead <= runqtail <= runqhead + runq_size, as unsigned differences.
//  R4 runnext is put by the owner and taken by anybody, thieves with a CAS. While it is null, only the owner writes it.
//  R5 The owner writes runqhead, and a runnext that is not null, with plain stores, where no thief could have its CAS
//     between the owner's load and store: it marks `taking`, then looks for thieves; a thief counts itself in `thieves`,
//     then looks at `taking`. Between the two steps on either side stands the asymmetric fence (F1): the owner sees the
//     thief and takes with a CAS too, or the thief sees the owner and leaves without anything. Where both see
//     each other, both step back. The owner's release of `taking` publishes what it wrote to the thief that finds it 0,
//     a thief's release of `thieves` what it took to the owner.
//     A thief that leaves so has not looked at all: W1's second look goes by runqempty.
//
// Two goroutines that ready each other by turns stay in runnext and could keep the ring waiting for ever: after
// runnext_limit of them in a row the ring comes first.
#pragma once

#include <cstdint>

#include "runtime/chaos_window.hpp"
#include "runtime/fence.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

constexpr std::uint32_t runnext_limit = 64;

// Owner only. Puts gp at the tail, or into runnext, whose goroutine then goes to the tail. When the ring is full, half
// of it goes to the global queue.
void runqput(p* pp, g* gp, bool next);
void runqputslow(p* pp, g* gp, std::uint32_t head, std::uint32_t tail);

// Any thread: a look from outside. True at some moment during the call.
bool runqempty(const p* pp);
// Any thread: the ring alone, and a guess.
inline bool runqring_empty(const p* pp) {
    return load_acquire(pp->runqhead) == load_acquire(pp->runqtail);
}
// Any thread: about how many.
std::uint32_t runqlen(const p* pp);
// Owner of pp only: takes half of victim's ring. One of them, the rest in pp's ring.
g* runqsteal(p* pp, p* victim);
// Any thread: takes victim's runnext, unless its owner is about to run it: *left_alone then.
g* runqsteal_next(p* victim, bool* left_alone);
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

// R5: true where the owner may take with plain stores, until end_taking.
inline bool begin_taking(p* pp) {
    store_relaxed(pp->taking, 1U);
    light_fence();
    chaos_window();
    if (load_acquire(pp->thieves) == 0) [[likely]]
        return true;
    store_release(pp->taking, 0U);
    return false;
}
inline void end_taking(p* pp) {
    store_release(pp->taking, 0U);
}

inline void runqput(p* pp, g* gp, bool next) {
    if (next) {
        g* before = load_relaxed(pp->runnext);
        if (before == nullptr) {
            store_release(pp->runnext, gp);  // R4
            return;
        }
        if (begin_taking(pp)) {
            before = load_relaxed(pp->runnext);
            store_release(pp->runnext, gp);
            end_taking(pp);
        } else {
            before = exchange_acq_rel(pp->runnext, gp);
        }
        if (before == nullptr) return;  // a thief has it
        gp = before;
    }
    runqput_tail(pp, gp);
}

g* runqget_ring_beside_thieves(p* pp);
g* runqget_next_beside_thieves(p* pp);

inline g* runqget_ring(p* pp) {
    if (load_relaxed(pp->runqhead) == load_relaxed(pp->runqtail)) return nullptr;  // thieves only make it emptier
    if (!begin_taking(pp)) [[unlikely]]
        return runqget_ring_beside_thieves(pp);
    std::uint32_t head = load_relaxed(pp->runqhead);
    g* gp = nullptr;
    if (head != load_relaxed(pp->runqtail)) {
        gp = load_relaxed(pp->runq[head % runq_size]);
        store_release(pp->runqhead, head + 1);  // R5
    }
    end_taking(pp);
    return gp;
}

inline g* runqget_next(p* pp) {
    if (load_relaxed(pp->runnext) == nullptr) return nullptr;
    if (!begin_taking(pp)) [[unlikely]]
        return runqget_next_beside_thieves(pp);
    g* next = load_relaxed(pp->runnext);
    store_relaxed(pp->runnext, nullptr);  // R5
    end_taking(pp);
    return next;
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
