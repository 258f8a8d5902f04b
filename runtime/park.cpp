// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/park.hpp"

#include <stdexcept>
#include <string>

#include "runtime/chaos.hpp"
#include "runtime/findrunnable.hpp"
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

void yield_m(g* gp) {
    m* mp = getm();
    dropg(mp);
    store_relaxed(gp->status, Grunnable);
    runqput(mp->p, gp, false);
    wakep();  // W1
    schedule();
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
        runqput(mp->p, gp, true);
        wakep();
    }
}

void gopark(unlock_fn unlockf, void* lock, wait_reason why) {
    m* mp = getm();
    check(mp != nullptr && on_curg_stack(mp), "gopark: not on a goroutine's stack");
    if (load_relaxed(sched.exiting_m) == mp) [[unlikely]]
        fatal_in(name_of(why), "would wait for ever: the process is exiting and no other goroutine runs");
    g* gp = mp->curg;
    store_relaxed(gp->waiting_for, why);
    store_relaxed(gp->status, Gwaiting);
    mp->waitunlockf = unlockf != nullptr ? unlockf : &always_parks;
    mp->waitlock = lock;
    count(mp->parks);
    chaos_window();
    if (g* next = next_for_direct_switch(mp)) {
        switch_to(mp, gp, next);
    } else {
        mcall(&park_m);
    }
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
        mp->waitunlockf = nullptr;
        switch_to(mp, gp, next);
        return;
    }
    // Nobody else is here, and nobody wants the p.
    p* pp = mp->p;
    if (load_relaxed(sched.attention) == 0 && load_relaxed(sched.runqsize) == 0 && runqempty(pp)) {
        if (!scheduler_has_its_turn(pp)) {
            count(pp->schedtick);
            return;
        }
    }
    mcall(&yield_m);
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
    m* mp = getm();
    if (mp == nullptr) [[unlikely]] {
        throw std::logic_error(std::string("gangway: ") + what +
                               " would block a thread that the runtime did not make");
    }
    if (!on_curg_stack(mp)) [[unlikely]]
        fatal_in(what, "not on a goroutine's stack (inside C, only a callback may block)");
}

}  // namespace gangway::runtime
