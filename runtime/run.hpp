// SPDX-License-Identifier: BSD-3-Clause
// run(): a thread of the program's own that waits for its main goroutine.
//
// The thread is an m meanwhile, but one that runs only its main goroutine: that starts locked to it (and is unlocked as
// its first act, unless it locks itself). Once the main goroutine has gone elsewhere the thread sleeps until it has
// ended, whatever others do: an m that ran other goroutines might be in a C call of theirs for ever when run() is to
// return.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

struct run_frame {
    void (*fn)(void*);
    void* arg;
    m* thread;
    note done;
    bool returned = false;  // before done: the main goroutine returned, it did not goexit
};

// On g0 of a thread in run() that is not locked to its main goroutine. Sleeps until that has ended, then ends the
// thread's part as an m: run() goes on.
[[noreturn]] void run_thread_waits(m* mp);
// In the main goroutine, before its function.
void run_started(g* gp);
// On g0. The main goroutine is gone. returned: not by goexit, so its run() goes on.
void run_ended(run_frame* run, bool returned);

}  // namespace gangway::runtime
