// SPDX-License-Identifier: BSD-3-Clause
// Threads of the runtime.
//
// A thread ends when a goroutine ends that is locked to it (mexit), and when it has slept for work for too long (stopm).
//
//  J1 An m in the idle list is taken off it once: by who has work for it (mget), or by itself when its time is up. Both
//     under sched.lock. One that finds itself taken waits for the wake-up, which is on its way with a p.
//  J2 In the hold of sched.lock in which it leaves the list it also leaves sched.mcount. So the number of ms awake, which
//     checkdead goes by, is at each moment what it was; and nobody meets the limit of threads because of one that is only
//     about to end.
//  J3 Its thread is touched by others only where they find it by a p's m, under sched.lock (P4), and it has had no p in
//     some hold before. Its struct is handed on when the thread is done with it (freem), and never freed: whoever still
//     has it from a look without the lock (the monitor's candidates, reports) finds an m that has no p and runs nothing,
//     or the next thread's.
//  J4 While the world is stopped none ends: what a stop counts does not change.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// sched.lock held. An m that counts from now on; fatal at the limit of threads.
m* allocm();
// sched.lock held. The m counts no more. J2
void uncountm(m* mp);
// sched.lock held, after uncountm. Its thread has nothing to do with the struct any more, which is kept for the next.
void freem(m* mp);
// Starts the thread of a new m, which has nextp. Any stack. Fatal when the system has no thread to give.
void newm(m* mp);
// Sets up g0 and the rest for the calling thread, which becomes mp.
void minit(m* mp);
// The other way. The thread goes on without an m.
void unminit(m* mp);
// On g0 of a thread of ours, no goroutine: the thread ends.
[[noreturn]] void mexit(m* mp);
// The same for an m that has no p and does not count any more.
[[noreturn]] void end_thread(m* mp);
// Once, at the start: the thread from which threads are made where the caller's attributes may be its own.
void start_template_thread();
// The threads that are no ms: the monitor, the template thread, and the one for SIGQUIT.
int num_own_threads();
// The signal mask that threads of the runtime have.
void remember_initial_sigmask();

}  // namespace gangway::runtime
