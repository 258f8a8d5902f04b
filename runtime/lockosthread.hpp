// SPDX-License-Identifier: BSD-3-Clause
// The pair of a goroutine and its thread.
//
//  LT1 A locked goroutine that has parked stands in no run queue when it is made runnable: who does it puts it into
//      its m's inbox, by an exchange (release: the g; acquire: what the m wrote before it slept), and the m takes it
//      from there. As with bound ones (Y2) the word says too whether the m sleeps, inbox_asleep, which the m puts
//      there by a CAS from null; whoever replaces that, and nobody else, owes the m a p (get_p, Y3): one wake-up,
//      with no thread in between.
//  LT2 One that yields, comes back from C to no p, or has used up its m's turn, is in a run queue, and who picks it
//      hands the m its p (startlockedm). It is runnable, so nobody puts it into the inbox.
//  LT3 Before it sleeps, an m whose goroutine has parked keeps its p for a moment and looks (spin_for): not where
//      another goroutine could have the p and nobody is on the way to take that, not where the world stops, and not
//      where looking has not paid lately (looks). With one CPU it yields that instead. A goroutine that comes
//      meanwhile goes on with that p, for as long as nobody waits for it, or a slice.
//  LT4 Who has readied a locked goroutine mostly waits for its answer next, and so does whom a locked one has
//      readied: its m looks at the queues for as long, spinning (W2), before it gives its p up. What a locked
//      goroutine makes runnable goes into the global queue, for its own m will not run it; but behind what its p has,
//      or others would go before.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// gp is runnable, locked and in no queue. Any thread. Never parks. LT1
void ready_locked(g* gp);
// On g0. Back with a p when mp->lockedg is to run.
void stoplockedm(m* mp);
// On g0. Hands its p to gp's m and sleeps.
void startlockedm(m* mp, g* gp);
// On g0, without work. True: look again, something has come. LT4
bool look_for_answer(m* mp);

// The caller has counted the reason in mp->lockedext or lockedint.
inline void lock_to(m* mp, g* gp) {
    if (mp->lockedg != nullptr) return;
    mp->lockedg = gp;
    gp->lockedm = mp;
    mp->nodirect++;
}

// The caller has uncounted one.
inline void unlock_from(m* mp, g* gp) {
    if (mp->lockedext != 0 || mp->lockedint != 0) return;
    mp->lockedg = nullptr;
    gp->lockedm = mp->home;  // one that is bound stays so
    mp->nodirect--;
}

}  // namespace gangway::runtime
