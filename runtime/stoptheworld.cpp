// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/stoptheworld.hpp"

#include <gangway/runtime.hpp>
#include <new>
#include <sched.h>

#include "runtime/chaos_window.hpp"
#include "runtime/environment.hpp"
#include "runtime/extram.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/fork.hpp"
#include "runtime/leak_roots.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/newm.hpp"
#include "runtime/preempt.hpp"
#include "runtime/proc.hpp"
#include "runtime/sema.hpp"
#include "runtime/stack.hpp"
#include "runtime/start.hpp"
#include "runtime/syscall.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

constexpr std::int64_t ask_again = 100'000;  // ns
constexpr std::int64_t longest_wait_at_exit = 1'000'000'000;

constinit semaphore_word worldsema{1};

// In a leaf_call the m keeps its p, which whoever has stopped the world before waits for.
void check_not_in_leaf_call() {
    const m* mp = getm();
    if (mp == nullptr || mp->curg == nullptr || usable_p(mp) == nullptr) return;
    auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (here - mp->g0.stk.lo < mp->g0.stk.hi - mp->g0.stk.lo) fatal("stop the world: called in a leaf_call");
}

bool acquire_worldsema_for(std::int64_t ns) {
    if (on_curg_stack()) {
        semacquire(worldsema, wait_reason::stop_the_world);
        return true;
    }
    if (ns < 0) check_not_in_leaf_call();
    std::int64_t until = nanotime() + ns;
    while (!try_semacquire(worldsema)) {
        if (ns >= 0 && nanotime() > until) return false;
        sched_yield();
    }
    return true;
}

// In an exit handler on the stack of the goroutine that called exit(): there is nothing left to stop.
bool stopped_by_this_thread() {
    m* mp = getm();
    return mp != nullptr && load_relaxed(sched.exiting_m) == mp;
}

// sched.lock held. attention_chaos stays.
void announce(std::uint32_t bits) {
    store_seq_cst(sched.attention, bits | (load_relaxed(sched.attention) & attention_chaos));
}

// sched.lock held.
void preempt_all() {
    m* running[max_procs];
    int n = 0;
    auto nprocs = load_relaxed(sched.gomaxprocs);
    for (std::int32_t i = 0; i < nprocs; i++) {
        m* mp = load_acquire(all_p(i)->m);
        if (mp != nullptr && mp != getm()) running[n++] = mp;
    }
    request_preempt(running, n);
}

void stop_one(p* pp, stopped_as was) {
    store_relaxed(pp->status, Pgcstop);
    pp->was = was;
    sched.stopwait--;
}

// sched.lock held, the stop announced in sched.attention. Z2
void take_ps_in_c(const p* own) {
    // Against an m that has just acquired a p and entered C: its stores of p.m and in_syscall may both be behind its
    // look at attention. After the fence it has seen the stop, or pp->m is seen here (H4).
    heavy_fence();
    m* wanted[max_procs];
    int n = 0;
    auto nprocs = load_relaxed(sched.gomaxprocs);
    for (std::int32_t i = 0; i < nprocs; i++) {
        p* pp = all_p(i);
        m* mp = load_acquire(pp->m);
        // Each of them, not only those that are seen in C: which those are is for took_p to say.
        if (pp != own && mp != nullptr && want_p(mp)) wanted[n++] = mp;
    }
    chaos_delay();
    heavy_fence();
    chaos_delay();
    for (int i = 0; i < n; i++) {
        if (p* pp = took_p(wanted[i])) stop_one(pp, stopped_as::in_c);
    }
}

// True when all ps have stopped; false when not within the limit (ns, negative: none).
bool stop_all(std::int64_t limit) {
    p* own = usable_p(getm());
    sched.lock.lock();
    sched.stopwait = load_relaxed(sched.gomaxprocs);
    sched.stopnote.clear();
    store_seq_cst(sched.gcwaiting, true);
    chaos_delay();
    announce(sched.stopped_for_good ? attention_stop | attention_exit : attention_stop);
    if (own != nullptr) stop_one(own, stopped_as::running);
    while (p* pp = pidleget()) stop_one(pp, stopped_as::idle);
    if (sched.stopwait > 0) {  // else no m has a p, and none can get one
        preempt_all();
        take_ps_in_c(own);
    }
    bool waits = sched.stopwait > 0;
    sched.lock.unlock();
    std::int64_t until = nanotime() + limit;
    while (waits && !sched.stopnote.sleep_for(ask_again)) {
        if (limit >= 0 && nanotime() > until) return false;
        sched.lock.lock();
        preempt_all();
        sched.lock.unlock();
    }
    return true;
}

// Until starttheworld the goroutine stays on its m.
void stop_with_worldsema(std::int64_t limit) {
    acquirem();  // P3
    systemstack([limit] { stop_all(limit); });
    add_relaxed(sched.stops, 1U);
}

void init_p(p* pp, int id) {
    pp->id = id;
    store_relaxed(pp->status, Pgcstop);
}

// sched.lock held, world stopped: what pp has goes where others find it.
void retire_p(p* pp) {
    while (g* gp = runqget(pp)) globrunqput(gp);
    move_timers(pp, all_p(0));
    gfpurge(pp);
    store_relaxed(pp->status, Pdead);
}

// sched.lock held: the ps that have stopped go on. Those that have not (stoptheworld_for) were never anybody else's. Gives
// those with work, linked, but for the caller's own.
p* restart_stopped() {
    p* own = usable_p(getm());
    p* runnable = nullptr;
    for (std::int32_t i = load_relaxed(sched.gomaxprocs) - 1; i >= 0; i--) {
        p* pp = all_p(i);
        if (load_relaxed(pp->status) != Pgcstop) continue;
        if (pp == own) {
            store_relaxed(pp->status, Prunning);
        } else if (runqempty(pp)) {
            pidleput(pp);
        } else {
            store_relaxed(pp->status, Pidle);
            pp->link = runnable;
            runnable = pp;
        }
    }
    return runnable;
}

void run_p(p* pp) {
    startm(pp, false);
}

// W1, as in handoffp, for what came while no p was idle, and for ms that would have looked and were stopped. An m is not
// woken for nothing: it would take longer than the whole stop, and be in the way of the next.
void look_for_idle_ps() {
    if (load_relaxed(sched.npidle) == 0) return;
    heavy_fence();
    if (any_work_queued()) wakep();
    std::int64_t timer = earliest_timer();
    if (timer != never_fires || load_relaxed(netpoll_waiters) != 0) wake_poller(timer);
}

// The caller's p is to go: it gets one that stays.
void move_to(m* mp, p* pp) {
    releasep(mp);
    acquirep(mp, pp);
}

}  // namespace

void gcstopm(m* mp) {
    sched.lock.lock();
    if (!load_relaxed(sched.gcwaiting)) {  // it ended meanwhile
        sched.lock.unlock();
        return;
    }
    if (mp->spinning) {
        mp->spinning = false;
        check(add_seq_cst(sched.nmspinning, -1) >= 0, "gcstopm: negative nmspinning");
    }
    p* pp = releasep(mp);
    store_relaxed(pp->status, Pgcstop);
    pp->was = stopped_as::running;
    if (--sched.stopwait == 0) sched.stopnote.wakeup();
    sched.lock.unlock();
    stopm(mp);
}

p* procresize(int n) {
    int old = load_relaxed(sched.gomaxprocs);
    for (int i = 0; i < n; i++) {
        if (all_p(i) == nullptr) {
            p* made = new (std::nothrow) p;  // an exception would leave sched.lock held
            check(made != nullptr, "procresize: out of memory");
            store_release(sched.allp[i], made);
        }
        if (i >= old) init_p(sched.allp[i], i);
    }
    store_release(sched.gomaxprocs, n);  // all_p(i) is there for each i below it
    m* mp = getm();
    p* own = usable_p(mp);
    if (own != nullptr && own->id >= n) {
        move_to(mp, all_p(0));
        own = all_p(0);
    }
    for (int i = n; i < old; i++) retire_p(all_p(i));
    if (own != nullptr) store_relaxed(own->status, Prunning);
    p* runnable = nullptr;
    for (int i = n - 1; i >= 0; i--) {
        p* pp = all_p(i);
        if (pp == own) continue;
        store_relaxed(pp->status, Pidle);
        if (runqempty(pp)) {
            pidleput(pp);
        } else {
            pp->link = runnable;
            runnable = pp;
        }
    }
    return runnable;
}

void stoptheworld() {
    if (stopped_by_this_thread()) return;
    acquire_worldsema();
    stop_with_worldsema(-1);
}

bool stoptheworld_for(std::int64_t ns) {
    constexpr std::int64_t longest_wait = 1'000'000'000;
    if (stopped_by_this_thread() || !acquire_worldsema_for(longest_wait)) return false;
    stop_with_worldsema(ns);
    return true;
}

void acquire_worldsema() {
    acquire_worldsema_for(-1);
}

void release_worldsema() {
    semrelease(worldsema);
}

void starttheworld(int nprocs) {
    if (stopped_by_this_thread()) return;
    sched.lock.lock();
    p* runnable = nprocs != 0 ? procresize(nprocs) : restart_stopped();
    announce(0);
    store_seq_cst(sched.gcwaiting, false);
    if (sched.sysmonwait) {
        sched.sysmonwait = false;
        sched.sysmonnote.wakeup();
    }
    sched.lock.unlock();
    while (runnable != nullptr) {
        p* pp = runnable;
        runnable = pp->link;
        run_p(pp);
    }
    look_for_idle_ps();
    semrelease(worldsema);
    releasem();  // P3
}

void stop_for_good() {
    if (load_relaxed(in_forked_child)) return;  // where nothing runs that could be stopped
    sched.lock.lock();
    sched.stopped_for_good = true;
    sched.lock.unlock();
    // Whoever stops the world at this moment either ends that in time or never runs again itself.
    std::int64_t until = nanotime() + longest_wait_at_exit;
    while (!try_semacquire(worldsema)) {
        if (nanotime() > until) return;
        sched_yield();
    }
    m* mp = getm();
    if (usable_p(mp) != nullptr) store_relaxed(sched.exiting_m, mp);
    stop_all(longest_wait_at_exit);
    refuse_entries();
    show_leak_roots();
}

}  // namespace gangway::runtime

namespace gangway {

int gomaxprocs(int n) {
    using namespace runtime;
    runtime_start();
    if (n < 0 || n > max_procs) throw_out_of_range("gangway::gomaxprocs: ", "n", n, 0, max_procs);
    int before = load_relaxed(sched.gomaxprocs);
    if (n == 0 || n == before) return before;
    stoptheworld();
    before = load_relaxed(sched.gomaxprocs);
    starttheworld(n);
    return before;
}

}  // namespace gangway
