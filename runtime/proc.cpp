// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/proc.hpp"

#include <iterator>
#include <utility>

#include "runtime/bound.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/preempt.hpp"
#include "runtime/run.hpp"
#include "runtime/start.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

constinit scheduler sched;

// The queue is a list through gs that may long have left all caches, as may their pages' entries in the page table:
// to follow it is to wait for memory at each step. So each knows the one some places on, and whoever takes it fetches
// that one.
void globrunqput(g* gp) {
    constexpr std::uint32_t places = std::size(decltype(sched.runq_last){});
    g*& before = sched.runq_last[sched.runq_puts++ % places];
    if (std::cmp_greater_equal(sched.runq.size, places)) before->ahead = gp;  // it is still there
    before = gp;
    gp->ahead = nullptr;
    sched.runq.push_back(gp);
    store_relaxed(sched.runqsize, sched.runq.size);
}

namespace {
constexpr std::size_t cache_line = 64;

g* take_from_global() {
    g* gp = sched.runq.pop();
    if (gp->ahead != nullptr) {
        __builtin_prefetch(gp->ahead);
        __builtin_prefetch(reinterpret_cast<char*>(gp->ahead) + cache_line);
    }
    return gp;
}

// What a switch to gp and its way back to its caller read.
void fetch_stack(const g* gp) {
    const auto* sp = static_cast<const char*>(gp->sched.sp);
    for (std::size_t line = 0; line < 4; line++) __builtin_prefetch(sp + line * cache_line);
}
}  // namespace

g* globrunqget(p* pp, std::int32_t max) {
    std::int32_t n = sched.runq.size / load_relaxed(sched.gomaxprocs) + 1;
    if (n > sched.runq.size) n = sched.runq.size;
    if (max > 0 && n > max) n = max;
    if (n > static_cast<std::int32_t>(runq_size / 2)) n = runq_size / 2;
    if (n == 0) return nullptr;
    g* gp = take_from_global();
    while (--n > 0) {
        g* next = take_from_global();
        fetch_stack(next);
        runqput(pp, next, false);
    }
    store_release(sched.runqsize, sched.runq.size);  // what has moved is in the ring: any_work_queued
    return gp;
}

void dropg(m* mp) {
    g* gp = mp->curg;
    gp->eh = *mp->eh;
    *mp->eh = eh_globals{};
    store_relaxed(gp->m, nullptr);
    mp->curg = nullptr;
}

namespace {
bool may_run(const m* mp, const g* gp) {
    if (mp->lockedg != nullptr) return mp->lockedg == gp && gp->lockedm == mp;
    return gp->lockedm == mp->home;  // neither, or bound to it
}
}  // namespace

void execute(m* mp, g* gp) {
    check(load_relaxed(gp->status) == Grunnable, "execute: goroutine is not runnable");
    check(may_run(mp, gp), "execute: goroutine is locked to another thread");
    mp->curg = gp;
    store_relaxed(gp->m, mp);
    store_relaxed(gp->status, Grunning);
    *mp->eh = gp->eh;
    clear_preempt(gp);
    count(mp->p->schedtick);
    to_g(&mp->g0, gp);
}

namespace {
// An m that does not run just any goroutine.
[[noreturn]] void schedule_own(m* mp) {
    if (mp->home != nullptr) schedule_bound(mp);
    if (mp->lockedg != nullptr) {
        stoplockedm(mp);
        execute(mp, mp->lockedg);
    }
    run_thread_waits(mp);
}
}  // namespace

void schedule() {
    m* mp = getm();
    for (;;) {
        if (mp->nodirect != 0) [[unlikely]]
            schedule_own(mp);
        g* gp = findrunnable(mp);
        if (mp->spinning) resetspinning(mp);
        if (gp->lockedm != nullptr) {
            startlockedm(mp, gp);
            continue;
        }
        if (gp->by_locked) mp->awaits_answer = true;  // LT4
        gp->by_locked = false;
        execute(mp, gp);
    }
}

void goready(g* gp) {
    check(load_relaxed(gp->status) == Gwaiting, "goready: goroutine is not waiting");
    ready_new(gp);
}

// LT4: what a locked goroutine readies is not next on that p.
void ready_new(g* gp) {
    store_relaxed(gp->status, Grunnable);
    if (gp->lockedm != nullptr) [[unlikely]] {
        gp->bound ? ready_bound(gp, gp->lockedm) : ready_locked(gp);
        return;
    }
    m* mp = getm();
    p* pp = usable_p(mp);
    if (pp != nullptr && (mp->lockedg == nullptr || load_relaxed(sched.gomaxprocs) == 1 || !runqempty(pp))) {
        runqput(pp, gp, true);
        if (mp->takes_next) [[unlikely]] {
            mp->takes_next = false;
            return;
        }
    } else {
        runtime_start();  // a forked child ends here
        gp->by_locked = pp != nullptr;
        sched.lock.lock();
        globrunqput(gp);
        sched.lock.unlock();
    }
    wakep();
}

std::uint32_t fastrand(m* mp) {
    std::uint32_t x = mp->fastrand;  // xorshift32
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return mp->fastrand = x;
}

}  // namespace gangway::runtime
