// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/findrunnable.hpp"

#include <ctime>
#include <utility>

#include "runtime/chaos.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/proc.hpp"
#include "runtime/stoptheworld.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

constexpr int steal_rounds = 4;

g* from_global(p* pp, std::int32_t max) {
    if (load_relaxed(sched.runqsize) == 0) return nullptr;
    sched.lock.lock();
    g* gp = globrunqget(pp, max);
    sched.lock.unlock();
    return gp;
}

void become_spinning(m* mp) {
    mp->spinning = true;
    add_seq_cst(sched.nmspinning, 1);
    store_relaxed(sched.needspinning, 0U);
}

// At most half as many ms spin as ps are busy: more would only take the cores from them. W2
bool may_spin(const m* mp) {
    if (mp->spinning) return true;
    return 2 * load_relaxed(sched.nmspinning) < load_acquire(sched.gomaxprocs) - load_relaxed(sched.npidle);
}

// Fires other ps' timers that are due: their ps may be in C, or busy. True: goroutines may have become runnable here.
bool steal_timers(const p* pp, std::uint32_t first, std::uint32_t n) {
    std::int64_t now = 0;
    int fired = 0;
    for (std::uint32_t i = 0; i < n; i++) {
        p* victim = all_p((first + i) % n);
        if (victim != pp) fired += run_timers(victim, &now);
    }
    return fired != 0;
}

// *left_alone: a goroutine that its p is about to run.
g* steal_work(m* mp, p* pp, bool* left_alone) {
    auto n = static_cast<std::uint32_t>(load_acquire(sched.gomaxprocs));
    for (int round = 0; round < steal_rounds; round++) {
        std::uint32_t first = fastrand(mp) % n;
        if (round == steal_rounds - 1 && steal_timers(pp, first, n)) {
            if (g* gp = runqget(pp)) return gp;
        }
        for (std::uint32_t i = 0; i < n; i++) {
            if (load_relaxed(sched.gcwaiting)) return nullptr;
            p* victim = all_p((first + i) % n);
            // Not by status: a p on its way to an m that wakes is Pidle too, with goroutines that may be taken.
            if (victim == pp) continue;
            g* gp = runqsteal(pp, victim);
            if (gp == nullptr && round == steal_rounds - 1) gp = runqsteal_next(victim, left_alone);
            if (gp != nullptr) {
                count(pp->steals);
                return gp;
            }
        }
    }
    return nullptr;
}

// An idle p for the m. False: none is idle, so whoever took the last one looks at the queues and timers in its turn.
bool reclaim_p(m* mp) {
    sched.lock.lock();
    p* pp = load_relaxed(sched.gcwaiting) ? nullptr : pidleget();
    sched.lock.unlock();
    if (pp == nullptr) return false;
    acquirep(mp, pp);
    return true;
}

// W1's second look, after the p was given up. True: the m has a p again. Else *until is the earliest timer.
bool look_again(m* mp, std::int64_t* until) {
    if (mp->spinning) {
        mp->spinning = false;
        check(add_seq_cst(sched.nmspinning, -1) >= 0, "findrunnable: negative nmspinning");
    }
    chaos_delay();
    heavy_fence();
    *until = earliest_timer();
    bool due = *until != never_fires && *until <= nanotime();
    if ((!due && !any_work_queued()) || !reclaim_p(mp)) return false;
    become_spinning(mp);
    return true;
}

// Gives the p up, unless work came. Null: the m is without a p, or should search again with the one it has.
g* give_up_p(m* mp) {
    p* pp = mp->p;
    sched.lock.lock();
    if (load_relaxed(sched.gcwaiting)) {
        sched.lock.unlock();
        return nullptr;
    }
    if (!sched.runq.empty()) {
        g* gp = globrunqget(pp, 0);
        sched.lock.unlock();
        return gp;
    }
    if (!mp->spinning && load_relaxed(sched.needspinning) != 0) {
        become_spinning(mp);  // somebody wanted to wake an m and found no idle p: search once more for them
        sched.lock.unlock();
        return nullptr;
    }
    releasep(mp);
    pidleput(pp);
    sched.lock.unlock();
    return nullptr;
}

bool nobody_polls() {
    return netpoll_in_use() && load_relaxed(netpoll_waiters) != 0 && load_seq_cst(sched.lastpoll) != 0;
}

// Sleeps in the poller, where there is something to wait for and nobody does yet. N1
void sleep_in_poller(m* mp, std::int64_t until) {
    if (until == never_fires && load_relaxed(netpoll_waiters) == 0) return;
    if (!netpoll_in_use()) return;  // whoever has a timer or descriptor to wait for has made it
    if (exchange_acq_rel(sched.lastpoll, 0) == 0) {
        wake_poller(until);
        return;
    }
    chaos_delay();
    store_seq_cst(sched.polluntil, until);
    chaos_delay();
    gqueue ready = netpoll(until);
    chaos_delay();
    store_seq_cst(sched.polluntil, 0);
    note_time();
    store_seq_cst(sched.lastpoll, load_relaxed(sched.coarse_time));
    // Not spinning: an m that spun looks for a successor (W3), and where two goroutines take turns on the poller that
    // one would find nothing, and be the next to sleep there.
    reclaim_p(mp);
    inject(ready, 1);
}

g* from_poller(p* pp) {
    if (!nobody_polls()) return nullptr;
    gqueue ready = netpoll(0);
    inject(ready, 1);
    return runqget(pp);
}

// Fires the p's timers. No m is woken for the first goroutine that becomes runnable by it: this m takes it, or wakes
// one when it takes another instead. W1
bool fire_own(m* mp, p* pp) {
    std::int64_t now = 0;
    mp->takes_next = true;
    const bool fired = run_timers(pp, &now) != 0;
    mp->takes_next = false;
    return fired;
}

// After a timer has fired here the goroutine that it made runnable goes first: one of the global queue may compute
// for a whole time slice. The global queue's turn is put off, once.
g* from_own_or_global(p* pp, bool timer_fired) {
    if (scheduler_has_its_turn(pp) || pp->turn_put_off) {
        pp->turn_put_off = timer_fired && !pp->turn_put_off;
        if (pp->turn_put_off) {
            if (g* gp = runqget(pp)) return gp;
        }
        if (g* gp = from_global(pp, 1)) {
            if (timer_fired) wakep();  // for the one that stays: fire_own
            return gp;
        }
    }
    if (g* gp = runqget(pp)) return gp;
    return from_global(pp, std::exchange(pp->takes_one, false) ? 1 : 0);
}

}  // namespace

void poll_for_others() {
    if (!nobody_polls()) return;
    gqueue ready = netpoll(0);
    inject(ready, 0);
}

bool any_work_queued() {
    // The global queue first: what an m moves from there into its ring meanwhile is found there, or here.
    if (load_acquire(sched.runqsize) != 0) return true;
    auto n = static_cast<std::uint32_t>(load_acquire(sched.gomaxprocs));
    for (std::uint32_t i = 0; i < n; i++)
        if (!runqempty(all_p(i))) return true;
    return false;
}

void resetspinning(m* mp) {
    mp->spinning = false;
    check(add_seq_cst(sched.nmspinning, -1) >= 0, "resetspinning: negative nmspinning");
    if (load_relaxed(sched.npidle) == 0) return;
    chaos_delay();
    heavy_fence();  // who queued a goroutine just before may have left it to this m
    wake_for_rest();
}

namespace {
// Where sched.attention has a bit. True: *found is next, or the search begins anew.
bool attend(m* mp, g** found) {
    if (load_relaxed(sched.gcwaiting)) {
        gcstopm(mp);
        return true;
    }
    bool other_p = false;
    if (chaos_on) *found = chaos_pick(mp, &other_p);
    return other_p || *found != nullptr;
}

// How often goroutines were switched to, on all ps.
std::uint32_t switches() {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < num_procs(); i++) sum += load_relaxed(all_p(i)->schedtick);
    return sum;
}

bool rings_empty() {
    if (load_relaxed(sched.runqsize) != 0) return false;
    for (std::uint32_t i = 0; i < num_procs(); i++)
        if (!runqring_empty(all_p(i))) return false;
    return true;
}

// *left_alone as steal_work says. The m may spin from then on.
g* search(m* mp, p* pp, bool* left_alone) {
    const bool timer_fired = fire_own(mp, pp);
    if (g* gp = from_own_or_global(pp, timer_fired)) return gp;
    if (g* gp = from_poller(pp)) return gp;
    if (!may_spin(mp)) return nullptr;
    if (!mp->spinning) become_spinning(mp);
    return steal_work(mp, pp, left_alone);
}

// The p is idle, the m still counts as spinning. Beside goroutines that wake each other on a p of theirs there is
// nothing to steal, but each wake-up would wake an m to find that out: some microseconds of the waker's. So this one
// stays the one that spins, and sleeps in between: its second look (W2) comes a nap later.
void linger() {
    constexpr int naps = 8;
    constexpr timespec nap{0, 20'000};
    for (int i = 0; i < naps; i++) {
        // Somebody has to wait there, or there is something to take.
        if (load_relaxed(netpoll_waiters) != 0 || earliest_timer() != never_fires || !rings_empty()) return;
        std::uint32_t before = switches();
        add_relaxed(sched.nlingering, 1);
        nanosleep(&nap, nullptr);
        add_relaxed(sched.nlingering, -1);
        if (load_relaxed(sched.attention) != 0 || switches() == before) return;
    }
}

// The p is idle. Comes back with one.
void sleep_until_wanted(m* mp) {
    std::int64_t until = never_fires;
    if (look_again(mp, &until)) return;
    sleep_in_poller(mp, until);
    if (mp->p == nullptr) stopm(mp);
}
}  // namespace

g* findrunnable(m* mp) {
    for (;;) {
        g* found = nullptr;
        if (load_relaxed(sched.attention) != 0 && attend(mp, &found)) [[unlikely]] {
            if (found != nullptr) return found;
            continue;
        }
        bool left_alone = false;
        if (g* gp = search(mp, mp->p, &left_alone)) return gp;
        if (mp->awaits_answer && look_for_answer(mp)) continue;
        if (g* gp = give_up_p(mp)) return gp;
        if (mp->p != nullptr) continue;
        if (left_alone && mp->spinning) linger();
        sleep_until_wanted(mp);
    }
}

}  // namespace gangway::runtime
