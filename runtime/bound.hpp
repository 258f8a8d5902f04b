// SPDX-License-Identifier: BSD-3-Clause
// Goroutines bound to a thread: any number of them share one m, for life. What pinned_thread is made of.
//
// Such an m runs nothing but them. It has a queue of its own for those that are runnable, and takes part in the
// scheduler only to get a p for as long as it has some.
//
//  Y1 A bound goroutine is never in a p's queue nor in the global one. Its m alone puts it into m.own and takes it out;
//     everybody else pushes it onto m.inbox, which the m empties. So none of them can get to another thread.
//  Y2 m.inbox is a stack, pushed to by CAS (release: the g) and taken as a whole by exchange (acquire). It also says that
//     the m sleeps: then it is inbox_asleep, which the m puts there by a CAS from null, so that it does not go to sleep
//     beside a goroutine. Whoever replaces that word, and nobody else, owes the m a p (get_p): one wake-up.
//  Y3 The p is an idle one where there is one: no thread in between. Else m.g0 goes into a run queue in the place of the
//     goroutine. It is locked to the m as any goroutine may be, so whoever picks it hands the m its p (startlockedm). Each m
//     owns one g0 and has one duty at a time (Y2), so it stands in at most one queue.
//  Y4 An m without a p sleeps on m.park, and somebody owes it a p, or will when the inbox is pushed to: it has put
//     inbox_asleep there, or has queued its own g0 (stand_in_line), before it gave its p up.
//  Y5 Others have their turn: an m that has had its p for a slice, or whose goroutine yields with no other bound one
//     runnable, stands in line behind everybody, where anybody waits for that p or in the global queue.
//  Y6 While one of them is locked (lock_os_thread, a callback with C's frames on the thread) it is m.lockedg, and alone is
//     run. That it is runnable is told by m.locked_ready and not by m.own, from which it would have to be picked out.
//
// Why not a queue with a lock: the usual switch between two of them would take it twice. Why not each of them in the
// run queues, as locked goroutines are: each would be handed over by a thread that sleeps for it.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// The calling goroutine is bound to its thread, which is no thread's in run() and no foreign one: from now on others may
// be. Undone by leave_bound_thread() alone.
void become_bound_thread();
// Parks until the calling goroutine, which is bound to its thread, is the only one that is.
void wait_until_alone();
// That one: from now on it is as after lock_os_thread(). The thread ends with it.
void leave_bound_thread();

// A new goroutine, not yet runnable: it will be `to`'s. Any thread.
void bind_to(g* gp, m* to);
// On g0. gp has ended.
void unbind(m* mp, g* gp);

// gp is runnable and in no queue. Any thread. Never parks.
void ready_bound(g* gp, m* to);

// On g0 of such an m. Runs them; never returns.
[[noreturn]] void schedule_bound(m* mp);
// The next one for a straight switch (K4), or null.
g* next_bound(m* mp);
// On curg's stack or g0 of it: whether one of them is runnable.
bool has_own(const m* mp);
// gp, which mp has left, yielded: an unlock_fn.
bool requeue_bound(g* gp, void*);
// On g0, gp off its stack. Others first. forced: at the end of its time.
[[noreturn]] void yield_bound(m* mp, g* gp, bool forced);
// sched.lock held, mp without a p. gp is runnable; what comes back is to be put into the global queue. Y3
g* stand_in_line(m* mp, g* gp);

// What an m that runs its own goroutines only does for its p between two of them: timers, descriptors.
void tend_p(m* mp);

// What inbox says of an m that sleeps. Y2, LT1
g* inbox_asleep();
// Y3, by who has replaced inbox_asleep. next: before all others of the caller's p.
void get_p(m* to, bool next);

// For reports, with the world stopped: goroutines that are runnable there (or locked there: LT1), and g0s that stand in
// queues in their place.
using bound_visitor = void (*)(const g* gp, void* arg);
void for_each_bound_runnable(const m& mp, bound_visitor f, void* arg);
std::uint64_t bound_runnable();
std::uint64_t bound_in_line();

}  // namespace gangway::runtime
