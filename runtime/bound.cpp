// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/bound.hpp"

#include "runtime/chaos.hpp"
#include "runtime/each.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/newm.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/spin.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// After which others have their turn, ns. Y5
constexpr std::int64_t slice = 1'000'000;

// The address of no goroutine.
char asleep_mark;

void put_own(m* mp, g* gp) {
    if (gp == mp->lockedg) {
        mp->locked_ready = true;  // Y6
    } else {
        mp->own.push_back(gp);
    }
}

}  // namespace

g* inbox_asleep() {
    return reinterpret_cast<g*>(&asleep_mark);
}

namespace {

// In the order in which they were pushed.
void empty_inbox(m* mp) {
    if (load_relaxed(mp->inbox) == nullptr) return;
    g* first = nullptr;
    for (g* gp = exchange_acq_rel(mp->inbox, nullptr); gp != nullptr;) {  // Y2
        g* before = gp->schedlink;
        gp->schedlink = first;
        first = gp;
        gp = before;
    }
    while (first != nullptr) {
        g* gp = first;
        first = gp->schedlink;
        put_own(mp, gp);
    }
}

}  // namespace

bool has_own(const m* mp) {
    return load_relaxed(mp->inbox) != nullptr || (mp->lockedg != nullptr ? mp->locked_ready : !mp->own.empty());
}

namespace {

g* take_own(m* mp) {
    empty_inbox(mp);
    if (mp->lockedg == nullptr) return mp->own.pop();
    if (!mp->locked_ready) return nullptr;
    mp->locked_ready = false;
    return mp->lockedg;
}

}  // namespace

void get_p(m* to, bool next) {
    no_preemption here;  // P3: until the m has it, the p is in nobody's queue
    sched.lock.lock();
    p* pp = load_relaxed(sched.gcwaiting) ? nullptr : pidleget();
    if (pp != nullptr) sched.nmidlelocked--;
    sched.lock.unlock();
    if (pp != nullptr) {
        give_nextp(to, pp);
        return;
    }
    store_relaxed(to->in_line, true);
    if (p* own = usable_p(getm())) {
        runqput(own, &to->g0, next);
    } else {
        sched.lock.lock();
        globrunqput(&to->g0);
        sched.lock.unlock();
    }
    wakep();
}

namespace {

// Y4. Back with a p.
void sleep_for_p(m* mp) {
    incidlelocked(1);
    take_nextp(mp);
    store_relaxed(mp->in_line, false);
    mp->slice_end = nanotime() + slice;
}

bool others_wait(const m* mp) {
    return load_relaxed(sched.runqsize) != 0 || !runqempty(mp->p);
}

// Nothing to run: sleeps until there is.
void rest(m* mp) {
    if (spin_for(mp, [mp] { return load_relaxed(mp->inbox) != nullptr; })) return;
    chaos_delay();
    if (!cas_seq_cst(mp->inbox, nullptr, inbox_asleep())) return;  // Y2
    chaos_delay();
    add_relaxed(sched.handoffs, 1U);
    leave_p(mp);
    sleep_for_p(mp);
}

// Y5. Behind everybody.
void give_turn(m* mp) {
    p* pp = releasep(mp);
    count(pp->schedtick);  // or the global queue may have its turn now, and with it this m
    store_relaxed(mp->in_line, true);
    sched.lock.lock();
    globrunqput(&mp->g0);  // Y3: it owes itself the p
    sched.lock.unlock();
    chaos_delay();
    add_relaxed(sched.handoffs, 1U);
    handoffp(pp);
    sleep_for_p(mp);
}

bool turn_is_over(m* mp) {
    if (load_relaxed(sched.gcwaiting)) return true;
    if (chaos_one_in(16)) return true;
    if (!others_wait(mp)) return false;
    return nanotime() >= mp->slice_end;
}

}  // namespace

void tend_p(m* mp) {
    p* pp = mp->p;
    std::int64_t now = 0;
    run_timers(pp, &now);
    if (load_relaxed(pp->schedtick) % turn_of_others == 0) poll_for_others();
}

void become_bound_thread() {
    m* mp = getm();
    g* gp = mp->curg;
    check(mp->run == nullptr && !mp->extra && mp->lockedg == nullptr, "become_bound_thread: not a thread for it");
    mp->home = mp;
    mp->nodirect++;
    mp->own = gqueue{};
    mp->locked_ready = false;
    mp->waits_alone = nullptr;
    mp->slice_end = nanotime() + slice;
    store_relaxed(mp->inbox, nullptr);
    store_relaxed(mp->nbound, 0U);
    bind_to(gp, mp);
}

void wait_until_alone() {
    auto unless_alone = [](g* self, void* at) {
        m* here = static_cast<m*>(at);
        if (load_relaxed(here->nbound) == 1) return false;
        here->waits_alone = self;
        return true;
    };
    gopark(unless_alone, getm(), wait_reason::pinned_thread_end);
    getm()->waits_alone = nullptr;
}

void leave_bound_thread() {
    m* mp = getm();
    g* gp = mp->curg;
    check(load_relaxed(mp->nbound) == 1 && mp->own.empty() && load_relaxed(mp->inbox) == nullptr,
          "leave_bound_thread: others are bound to it");
    mp->home = nullptr;
    mp->nodirect--;
    gp->bound = false;
    gp->lockedm = nullptr;
    mp->lockedext++;
    gp->lock_os = true;
    lock_to(mp, gp);
}

void bind_to(g* gp, m* to) {
    gp->bound = true;
    gp->lockedm = to;
    add_relaxed(to->nbound, 1U);
}

void unbind(m* mp, g* gp) {
    gp->bound = false;
    gp->lockedm = nullptr;
    if (add_relaxed(mp->nbound, -1U) == 1 && mp->waits_alone != nullptr) goready(mp->waits_alone);
}

void ready_bound(g* gp, m* to) {
    const m* mp = getm();
    if (mp == to && load_relaxed(to->in_syscall) == 0 && to->p != nullptr) {
        put_own(to, gp);
        return;
    }
    for (;;) {
        g* before = load_acquire(to->inbox);  // acquire: what the m wrote before it slept, nextp among it
        gp->schedlink = before != inbox_asleep() ? before : nullptr;
        chaos_window();
        if (!cas_acq_rel(to->inbox, before, gp)) continue;
        if (before == inbox_asleep())
            get_p(to, false);  // Y2; not next: who else has something for it comes before
        return;
    }
}

g* next_bound(m* mp) {
    if (mp->lockedg != nullptr || load_relaxed(mp->p->schedtick) % turn_of_others == 0) return nullptr;
    empty_inbox(mp);
    return mp->own.pop();
}

bool requeue_bound(g* gp, void*) {
    store_relaxed(gp->status, Grunnable);
    put_own(getm(), gp);
    return true;
}

void yield_bound(m* mp, g* gp, bool forced) {
    store_relaxed(gp->status, Grunnable);
    if (forced || !has_own(mp)) mp->slice_end = 0;  // Y5
    put_own(mp, gp);
    schedule();
}

g* stand_in_line(m* mp, g* gp) {
    put_own(mp, gp);
    store_relaxed(mp->in_line, true);
    return &mp->g0;
}

void schedule_bound(m* mp) {
    for (;;) {
        if (mp->p == nullptr) {
            sleep_for_p(mp);  // it stands in line: exitsyscall0
        } else {
            tend_p(mp);
        }
        if (!has_own(mp)) {
            rest(mp);
        } else if (turn_is_over(mp)) {
            give_turn(mp);
        }
        if (g* gp = take_own(mp)) execute(mp, gp);
    }
}

void for_each_bound_runnable(const m& mp, bound_visitor f, void* arg) {
    sched.lock.lock();  // against stand_in_line
    if (mp.home != nullptr) {
        if (mp.locked_ready) f(mp.lockedg, arg);
        for (const g* gp = mp.own.head; gp != nullptr; gp = gp->schedlink) f(gp, arg);
    }
    // Those that are pushed meanwhile come before: nobody takes any.
    const g* gp = load_acquire(mp.inbox);
    for (; gp != nullptr && gp != inbox_asleep(); gp = gp->schedlink) f(gp, arg);
    sched.lock.unlock();
}

std::uint64_t bound_runnable() {
    std::uint64_t n = 0;
    each_m([&](const m& mp) {
        for_each_bound_runnable(
            mp, [](const g*, void* to) { ++*static_cast<std::uint64_t*>(to); }, &n);
    });
    return n;
}

std::uint64_t bound_in_line() {
    std::uint64_t n = 0;
    each_m([&](const m& mp) { n += load_relaxed(mp.in_line) ? 1 : 0; });
    return n;
}

}  // namespace gangway::runtime
