// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/checkdead.hpp"

#include <sys/stat.h>

#include "runtime/netpoll.hpp"
#include "runtime/newm.hpp"
#include "runtime/stack.hpp"
#include "runtime/throw.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

namespace {

// /proc/PID/task has an entry a thread, and a directory's link count is its entries and two.
int threads_of_process() {
    struct stat task {};
    if (stat("/proc/self/task", &task) != 0) return -1;
    return static_cast<int>(task.st_nlink) - 2;
}

// A thread that the runtime does not know may send on a channel or call back at any time.
bool unknown_threads() {
    int known = sched.mcount + num_own_threads();
#if defined(GANGWAY_TSAN)
    known++;  // ThreadSanitizer's own
#endif
    int all = threads_of_process();
    return all < 0 || all > known;
}

bool any_goroutine() {
    bool found = false;
    for_each_g(
        [](g* gp, void* to) {
            if (load_relaxed(gp->status) != Gdead) *static_cast<bool*>(to) = true;
        },
        &found);
    return found;
}

// Something may still happen by itself: a descriptor, a timer.
bool something_is_to_come() {
    return load_seq_cst(netpoll_waiters) != 0 || earliest_timer() != never_fires;
}

}  // namespace

void checkdead() {
    sched.dead_suspect = false;
    int awake = sched.mcount + sched.nextra_in_use - sched.nmidle - sched.nmidlelocked;
    if (awake > 1 || sched.nruns == 0 || load_relaxed(sched.gcwaiting)) return;
    if (something_is_to_come()) return;
    // An m that still sleeps in the poller, with nothing to wake for, counts as asleep. N4 gives the order of the looks.
    if (awake == 1 && !load_seq_cst(netpoll_asleep)) return;
    if (unknown_threads()) {
        sched.dead_suspect = true;
        if (sched.sysmonwait) {  // it sleeps for long unless it knows
            sched.sysmonwait = false;
            sched.sysmonnote.wakeup();
        }
        return;
    }
    bool some = any_goroutine();
    sched.lock.unlock();
    fatal(some ? "all goroutines are asleep - deadlock!" : "no goroutines (main called goexit) - deadlock!");
}

}  // namespace gangway::runtime
