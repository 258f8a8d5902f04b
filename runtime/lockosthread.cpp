// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/lockosthread.hpp"

#include <gangway/runtime.hpp>
#include <stdexcept>
#include <utility>

#include "runtime/bound.hpp"
#include "runtime/chaos.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/proc.hpp"
#include "runtime/spin.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// After which others have their turn, ns. LT3
constexpr std::int64_t slice = 1'000'000;

// What mp's goroutine has just made runnable is mostly for an m that parks another at the same time.
constexpr std::int64_t others_are_seen = 2'000;

bool has_come(const m* mp) {
    return load_relaxed(mp->inbox) != nullptr;
}

bool take_locked(m* mp) {
    g* gp = load_acquire(mp->inbox);  // LT1
    if (gp == nullptr) return false;
    check(gp == mp->lockedg, "stoplockedm: another goroutine's inbox");
    store_relaxed(mp->inbox, nullptr);
    return true;
}

void look_a_moment(m* mp) {
    if (!mp->looks.pay()) return;
    mp->slice_end = nanotime() + slice;  // whoever has waited for the p before has it, or spin_for returns
    mp->looks.ended(spin_for(
        mp, [mp] { return has_come(mp); }, others_are_seen));
}

// LT3. False: the m has to sleep for its goroutine, and the inbox says so.
bool comes_while_awake(m* mp) {
    if (!has_come(mp)) look_a_moment(mp);
    chaos_delay();
    return take_locked(mp) || (!cas_seq_cst(mp->inbox, nullptr, inbox_asleep()) && take_locked(mp));
}

bool others_want_p(const m* mp) {
    return (load_relaxed(sched.runqsize) != 0 || !runqempty(mp->p)) && load_relaxed(sched.nmspinning) == 0;
}

bool turn_is_over(const m* mp) {
    if (load_relaxed(sched.gcwaiting) || chaos_one_in(16)) return true;
    return others_want_p(mp) && nanotime() >= mp->slice_end;
}

// True: the m keeps its p and goes on.
bool goes_on(m* mp) {
    if (std::exchange(mp->locked_queued, false)) return false;  // LT2
    if (!comes_while_awake(mp)) return false;
    if (!turn_is_over(mp)) return true;
    sched.lock.lock();
    globrunqput(mp->lockedg);  // LT2
    sched.lock.unlock();
    return false;
}

}  // namespace

void ready_locked(g* gp) {
    m* to = gp->lockedm;
    m* mp = getm();
    if (usable_p(mp) != nullptr) mp->awaits_answer = true;  // LT4
    gp->schedlink = nullptr;                                // it is alone there
    chaos_window();
    const g* before = exchange_acq_rel(to->inbox, gp);  // LT1
    check(before == nullptr || before == inbox_asleep(), "ready_locked: another goroutine is in the inbox");
    if (before != nullptr) get_p(to, true);
}

void stoplockedm(m* mp) {
    check(mp->lockedg->lockedm == mp, "stoplockedm: inconsistent locking");
    if (mp->p != nullptr) {
        tend_p(mp);
        if (goes_on(mp)) return;
        chaos_delay();
        add_relaxed(sched.handoffs, 1U);
        leave_p(mp);
    }
    incidlelocked(1);
    take_nextp(mp);
    store_relaxed(mp->inbox, nullptr);
    store_relaxed(mp->in_line, false);
    mp->slice_end = nanotime() + slice;
    check(load_relaxed(mp->lockedg->status) == Grunnable, "stoplockedm: lockedg is not runnable");
}

void startlockedm(m* mp, g* gp) {
    m* locked = gp->lockedm;
    check(locked != mp, "startlockedm: locked to me");
    incidlelocked(-1);
    give_nextp(locked, releasep(mp));
    stopm(mp);
}

bool look_for_answer(m* mp) {
    mp->awaits_answer = false;
    if (!mp->spinning || load_relaxed(netpoll_waiters) != 0 || !mp->looks_for_answer.pay()) return false;
    bool found = spin_for(mp, [] { return any_work_queued(); });
    mp->looks_for_answer.ended(found);
    return found;
}

}  // namespace gangway::runtime

namespace gangway {

using namespace runtime;

void lock_os_thread() {
    if (!on_curg_stack()) throw std::logic_error("gangway::lock_os_thread: not on a goroutine's stack");
    m* mp = getm();
    g* gp = mp->curg;
    mp->lockedext++;
    gp->lock_os = true;
    lock_to(mp, gp);
}

void unlock_os_thread() {
    if (!on_curg_stack()) return;
    m* mp = getm();
    if (mp->lockedext == 0) return;
    g* gp = mp->curg;
    if (--mp->lockedext == 0) gp->lock_os = false;
    unlock_from(mp, gp);
}

}  // namespace gangway
