// SPDX-License-Identifier: BSD-3-Clause
// Threads of the runtime.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// sched.lock held. An m that counts from now on; fatal at the limit of threads.
m* allocm();
// sched.lock held. The m counts no more; its struct is kept for the next.
void freem(m* mp);
// Starts the thread of a new m, which has nextp. Any stack. Fatal when the system has no thread to give.
void newm(m* mp);
// Sets up g0 and the rest for the calling thread, which becomes mp.
void minit(m* mp);
// The other way. The thread goes on without an m.
void unminit(m* mp);
// On g0 of a thread of ours, no goroutine: the thread ends.
[[noreturn]] void mexit(m* mp);
// Once, at the start: the thread from which threads are made where the caller's attributes may be its own.
void start_template_thread();
// The threads that are no ms: the monitor, the template thread, and the one for SIGQUIT.
int num_own_threads();
// The signal mask that threads of the runtime have.
void remember_initial_sigmask();

}  // namespace gangway::runtime
