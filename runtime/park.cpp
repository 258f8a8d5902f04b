// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/park.hpp"

#include "runtime/bound.hpp"
#include "runtime/chaos.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/preempt.hpp"
#include "runtime/proc.hpp"
#include "runtime/syscall.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// The goroutine to switch to straight, or null where schedule() has to decide. K4
g* next_for_direct_switch(m* mp) {
    std::uint32_t attention = load_relaxed(sched.attention);
    bool chaos = false;
    if ((mp->nodirect | attention) != 0) {
        if (mp->home != nullptr && attention == 0) return next_bound(mp);
        if (mp->nodirect != 0 || attention != attention_chaos) return nullptr;
        chaos = true;
    }
    p* pp = mp->p;
    if (scheduler_has_its_turn(pp)) return nullptr;
    g* next = chaos ? chaos_next(pp) : runqget(pp);
    if (next != nullptr && next->lockedm != nullptr) [[unlikely]] {
        runqput(pp, next, true);
        return nullptr;
    }
    return next;
}

// dropg and execute in one.
void switch_to(m* mp, g* gp, g* next) {
    gp->eh = *mp->eh;
    store_relaxed(gp->m, nullptr);
    mp->left = gp;
    mp->curg = next;
    store_relaxed(next->m, mp);
    store_relaxed(next->status, Grunning);
    *mp->eh = next->eh;
    clear_preempt(next);
    count(mp->p->schedtick);
    g_to_g(gp, next);
    settle_left(getm());
}

bool always_parks(g*, void*) {
    return true;
}

void park_m(g* gp) {
    m* mp = getm();
    dropg(mp);
    unlock_fn unlockf = mp->waitunlockf;
    chaos_window();
    if (!unlockf(gp, mp->waitlock)) {
        store_relaxed(gp->status, Grunnable);
        execute(mp, gp);
    }
    schedule();
}

void put_into_global(g* gp) {
    sched.lock.lock();
    globrunqput(gp);
    sched.lock.unlock();
}

// One of another p's that has no fewer comes to this p. When is left to chance, for in a fixed rhythm the head of a queue
// would be the one that came last, and the others would never go.
void share(m* mp) {
    p* pp = mp->p;
    pp->next_sharing = load_relaxed(pp->schedtick) + turn_of_others * (1 + fastrand(mp) % (2 * turns_of_sharing));
    p* other = all_p(fastrand(mp) % static_cast<std::uint32_t>(load_acquire(sched.gomaxprocs)));
    if (other == pp || runqlen(other) + 1 < runqlen(pp)) return;  // 1: what runs there; here it has been put back
    if (g* gp = runqsteal_one(other)) runqput(pp, gp, false);
}

void yield_m(g* gp) {
    m* mp = getm();
    dropg(mp);
    if (gp->bound) yield_bound(mp, gp, false);
    mp->locked_queued = mp->lockedg != nullptr;  // LT2
    store_relaxed(gp->status, Grunnable);
    p* pp = mp->p;
    bool one_p = load_relaxed(sched.gomaxprocs) == 1;
    if (one_p && load_relaxed(sched.runqsize) != 0 && runqempty(pp)) {
        put_into_global(gp);  // in the own queue it would be next again, and those there have one turn in 61
        schedule();
    }
    runqput(pp, gp, false);
    if (sharing_is_due(pp)) share(mp);
    wakep();  // W1
    schedule();
}

// One that used up its time goes behind all others, not only behind this p's; and these go before it, or those of the
// p with the shorter queue would come round more often. For the same reason the p takes one, and no share of them: where
// all compute, the global queue is the only one, and each has its turn.
void preempt_m(g* gp) {
    m* mp = getm();
    dropg(mp);
    if (gp->bound) yield_bound(mp, gp, true);
    mp->locked_queued = mp->lockedg != nullptr;  // LT2
    store_relaxed(gp->status, Grunnable);
    sched.lock.lock();
    while (g* other = runqget(mp->p)) globrunqput(other);
    globrunqput(gp);
    sched.lock.unlock();
    mp->p->takes_one = true;
    wakep();
    schedule();
}

// Nobody else is here, and nobody wants the p.
bool alone(const m* mp) {
    return load_relaxed(sched.attention) == 0 && load_relaxed(sched.runqsize) == 0 && runqempty(mp->p) &&
           (mp->home == nullptr || !has_own(mp));
}

}  // namespace

void settle_left(m* mp) {
    g* gp = mp->left;
    if (gp == nullptr) return;
    chaos_window();
    mp->left = nullptr;
    unlock_fn unlockf = mp->waitunlockf;
    if (unlockf == nullptr) {  // it yielded
        store_relaxed(gp->status, Grunnable);
        runqput(mp->p, gp, false);
        wakep();  // W1: an m may have looked while the one was taken off and the other not yet put
    } else if (!unlockf(gp, mp->waitlock)) {
        store_relaxed(gp->status, Grunnable);
        ready_new(gp);
    }
}

void gopark(unlock_fn unlockf, void* lock, wait_reason why) {
    m* mp = getm();
    check(mp != nullptr && on_curg_stack(mp), "gopark: not on a goroutine's stack");
    g* gp = mp->curg;
    store_relaxed(gp->waiting_for, why);
    store_relaxed(gp->waiting_since, load_relaxed(sched.coarse_time));
    store_relaxed(gp->status, Gwaiting);
    mp->waitunlockf = unlockf != nullptr ? unlockf : &always_parks;
    mp->waitlock = lock;
    count(mp->parks);
    chaos_window();
    if (g* next = next_for_direct_switch(mp)) {
        switch_to(mp, gp, next);
        return;
    }
    if (load_relaxed(sched.exiting_m) == mp) [[unlikely]] {  // attention is set: no direct switch
        store_relaxed(gp->status, Grunning);
        fatal_in(name_of(why), "would wait for ever: the process is exiting and no other goroutine runs");
    }
    mcall(&park_m);
}

bool parkunlock(g*, void* lock) {
    static_cast<m_lock*>(lock)->unlock();
    return true;
}

void yield() {
    m* mp = getm();
    g* gp = mp->curg;
    if (load_relaxed(sched.exiting_m) == mp) [[unlikely]]
        return;
    if (g* next = next_for_direct_switch(mp)) {
        mp->waitunlockf = mp->home == nullptr ? nullptr : &requeue_bound;
        switch_to(mp, gp, next);
        return;
    }
    if (alone(mp) && !scheduler_has_its_turn(mp->p)) {
        count(mp->p->schedtick);
        return;
    }
    mcall(&yield_m);
}

void yield_slice() {
    m* mp = getm();
    p* pp = mp->p;
    bool waits = load_acquire(pp->timers.earliest) <= nanotime() || load_relaxed(netpoll_waiters) != 0;
    if (alone(mp) && !waits) {
        count(pp->schedtick);
        return;
    }
    mcall(&preempt_m);
}

void preempt_slow() {
    m* mp = getm();
    if (on_curg_stack(mp) && load_relaxed(mp->in_syscall) == 0) exitsyscall_slow(mp, mp->curg);
}

void mcall(void (*fn)(g*)) {
    m* mp = getm();
    to_g0(mp->curg, &mp->g0, fn);
    settle_left(getm());
}

void check_can_park(const char* what) {
    if (!on_curg_stack(getm())) [[unlikely]]
        fatal_in(what, "not on a goroutine's stack (inside C, only a callback may block)");
}

}  // namespace gangway::runtime
