// SPDX-License-Identifier: BSD-3-Clause
// Parking and yielding.
//
//  K1 A goroutine that parks is on somebody's list (a channel's, a semaphore's) before it is off its stack. Whoever
//     finds it there would run it on a stack that is still in use. So the list's lock is released only by unlockf,
//     which runs when the goroutine's registers are saved and nobody is on its stack.
//  K2 A switch straight from goroutine to goroutine leaves that duty to the one that arrives: m.left says who was left,
//     and the first thing on every arrival (settle_left) is to call its unlockf, or to queue it if it yielded.
//  K3 Between the switch and settle_left nothing else may be done on this m: no lock, no other switch.
//  K4 A straight switch needs nothing of g0. It is not taken where schedule() has to decide: the m or the goroutine is
//     locked, the world is to be stopped, the global queue has its turn, or the own queue is empty.
#pragma once

#include "runtime/chaos.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// On curg's stack. Puts curg to sleep until goready. unlockf (null: nothing to unlock) is called once it is off its
// stack; when it returns false the goroutine goes on at once. May return on another m.
void gopark(unlock_fn unlockf, void* lock, wait_reason why);

// Releases an m_lock: the usual unlockf.
bool parkunlock(g* gp, void* lock);

// On curg's stack. Lets others of this p run first. May return on another m.
void yield();

// The same at the end of a time slice: those of all ps go first. May return on another m.
void yield_slice();

// Yields when the scheduler has asked this goroutine to: at the start of operations that need not park. The caller holds
// no m_lock. May return on another m.
void preempt_slow();
inline void preempt_check() {
    m* mp = getm();
    if (mp != nullptr) chaos_entry(mp);
    if (mp != nullptr && load_relaxed(mp->p_taken) != 0) [[unlikely]]
        preempt_slow();
}

// What a goroutine does first when it goes on, and a new one at its start. K2
void settle_left(m* mp);

// Leaves the goroutine for good. dead: its stack too.
void mcall(void (*fn)(g*));

// Called before an operation that may park: throws std::logic_error off the runtime's threads, fatal on g0.
void check_can_park(const char* what);

}  // namespace gangway::runtime
