// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/run.hpp"

#include <gangway/runtime.hpp>
#include <stdexcept>

#include "runtime/checkdead.hpp"
#include "runtime/extram.hpp"
#include "runtime/goroutine.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/newm.hpp"
#include "runtime/proc.hpp"
#include "runtime/stack.hpp"
#include "runtime/start.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// On the calling thread's g0, base_sp saved: the main goroutine first.
[[noreturn]] void run_on_g0(void* at) {
    m* mp = static_cast<m*>(at);
    mp->g0.sched.sp = mp->base_sp;
    g* gp = mp->lockedg;
    sched.lock.lock();
    p* pp = load_relaxed(sched.gcwaiting) ? nullptr : pidleget();
    if (pp == nullptr) globrunqput(gp);
    sched.lock.unlock();
    if (pp == nullptr) schedule();  // whoever picks gp hands this thread a p
    note_time();
    acquirep(mp, pp);
    execute(mp, gp);
}

g* new_main_goroutine(m* mp, run_frame& run) {
    g* gp = gfget(nullptr);
    prepare_start(gp, reinterpret_cast<void*>(gp->stk.hi), run.fn, run.arg);
    store_relaxed(gp->goid, next_goid(nullptr));
    add_relaxed(sched.made, 1U);
    gp->run = &run;
    mp->lockedint++;
    lock_to(mp, gp);
    store_relaxed(gp->status, Grunnable);
    return gp;
}

m* enter_runtime(run_frame& run) {
    sched.lock.lock();
    m* mp = allocm();
    sched.nruns++;
    sched.lock.unlock();
    minit(mp);
    mp->run = &run;
    mp->nodirect++;  // schedule() decides for this thread, always
    run.thread = mp;
    return mp;
}

void leave_runtime(m* mp) {
    unminit(mp);
    sched.lock.lock();
    sched.nruns--;
    uncountm(mp);
    freem(mp);
    checkdead();
    sched.lock.unlock();
}

}  // namespace

void run_started(g* gp) {
    m* mp = getm();
    mp->lockedint--;
    unlock_from(mp, gp);
}

void run_ended(run_frame* run, bool returned) {
    if (!returned) return;  // goexit: the thread waits for the others, which is a deadlock once they are gone
    run->returned = true;
    incidlelocked(-1);
    run->done.wakeup();
}

void run_thread_waits(m* mp) {
    if (mp->p != nullptr) handoffp(releasep(mp));
    incidlelocked(1);
    mp->run->done.sleep();
    abandoning_frames();
    gangway_gogo(mp->base_sp);
}

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

void run_main(const options* opts, void (*fn)(void*), void* arg) {
    if (!outside_of_runtime()) throw std::logic_error("gangway::run: called on a thread of the runtime");
    if (m* extra = getm()) dropm(extra);  // run() has an m of its own for the thread
    runtime_start(opts);
    sched.lock.lock();
    bool stopped = sched.stopped_for_good;
    sched.lock.unlock();
    if (stopped) throw std::logic_error("gangway::run: the runtime has stopped: the process is exiting");
    run_frame run{fn, arg, nullptr, {}, false};
    m* mp = enter_runtime(run);
    eh_globals caller = *mp->eh;  // run() may be called from a handler
    try {
        new_main_goroutine(mp, run);
    } catch (...) {
        leave_runtime(mp);
        throw;
    }
    gangway_mstart(&mp->base_sp, &run_on_g0, mp);
    *mp->eh = caller;
    leave_runtime(mp);
}

}  // namespace gangway::detail
