// SPDX-License-Identifier: BSD-3-Clause
// Starting and stopping ms.
#include <algorithm>
#include <utility>

#include "runtime/chaos_window.hpp"
#include "runtime/checkdead.hpp"
#include "runtime/extram.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/newm.hpp"
#include "runtime/proc.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

void acquirep(m* mp, p* pp) {
    check(mp->p == nullptr, "acquirep: already has a p");
    check(load_relaxed(pp->m) == nullptr, "acquirep: p in use");
    mp->p = pp;
    store_relaxed(pp->status, Prunning);
    store_release(pp->m, mp);
}

p* releasep(m* mp) {
    p* pp = mp->p;
    check(pp != nullptr && load_relaxed(pp->m) == mp, "releasep: not this m's p");
    store_relaxed(pp->m, nullptr);
    store_relaxed(pp->status, Pidle);
    mp->p = nullptr;
    return pp;
}

void pidleput(p* pp) {
    check(runqempty(pp), "pidleput: p has a non-empty run queue");
    store_relaxed(pp->status, Pidle);
    pp->link = sched.pidle;
    sched.pidle = pp;
    add_seq_cst(sched.npidle, 1);
}

p* pidleget() {
    p* pp = sched.pidle;
    if (pp == nullptr) return nullptr;
    sched.pidle = pp->link;
    add_seq_cst(sched.npidle, -1);
    if (sched.sysmonwait) {  // it sleeps while all ps are idle
        sched.sysmonwait = false;
        sched.sysmonnote.wakeup();
    }
    return pp;
}

void mput(m* mp) {
    mp->schedlink = sched.midle;
    mp->idleprev = nullptr;
    if (mp->schedlink != nullptr) mp->schedlink->idleprev = mp;
    sched.midle = mp;
    mp->idle = true;
    sched.nmidle++;
    checkdead();
}

namespace {
// sched.lock held.
void take_off_idle_list(m* mp) {
    (mp->idleprev != nullptr ? mp->idleprev->schedlink : sched.midle) = mp->schedlink;
    if (mp->schedlink != nullptr) mp->schedlink->idleprev = mp->idleprev;
    mp->idle = false;
    sched.nmidle--;
}

// The one that came last: its caches are the warmest, and those that are one too many grow old.
m* mget() {
    m* mp = sched.midle;
    if (mp != nullptr) take_off_idle_list(mp);
    return mp;
}

// J1, J2. True: the m is to end.
bool end_idle(m* mp) {
    sched.lock.lock();
    bool ends = mp->idle && !load_relaxed(sched.gcwaiting);  // J4
    if (ends) {
        take_off_idle_list(mp);
        uncountm(mp);
    }
    sched.lock.unlock();
    return ends;
}

// For mp->park. Does not return where nobody wants the m in time.
void sleep_for_work(m* mp) {
    constexpr std::int64_t look_again = 10'000'000;  // ns, where the time is up and the world stopped
    std::int64_t ns = load_relaxed(sched.idle_m_timeout);
    while (!mp->park.sleep_for(ns)) {
        if (end_idle(mp)) end_thread(mp);
        ns = std::max(ns, look_again);
    }
}

}  // namespace

void take_nextp(m* mp) {
    chaos_delay();
    mp->park.sleep();
    mp->park.clear();
    note_time();
    chaos_delay();
    p* pp = std::exchange(mp->nextp, nullptr);
    if (pp == nullptr) refuse_entry(mp);  // I5
    acquirep(mp, pp);
}

void give_nextp(m* mp, p* pp) {
    check(mp->nextp == nullptr, "startm: m has a p waiting");
    mp->nextp = pp;
    mp->park.wakeup();
}

void incidlelocked(std::int32_t n) {
    sched.lock.lock();
    sched.nmidlelocked += n;
    if (n > 0) checkdead();
    sched.lock.unlock();
}

void stopm(m* mp) {
    check(mp->p == nullptr && !mp->spinning, "stopm: holds a p or spins");
    sched.lock.lock();
    mput(mp);
    sched.lock.unlock();
    sleep_for_work(mp);
    take_nextp(mp);
}

void startm(p* pp, bool spinning) {
    no_preemption here;  // P3: until the m has it, the p is in nobody's queue
    sched.lock.lock();
    if (pp == nullptr) {
        pp = pidleget();
        if (pp == nullptr) {
            if (spinning) {
                store_relaxed(sched.needspinning, 1U);
                check(add_seq_cst(sched.nmspinning, -1) >= 0, "startm: negative nmspinning");
            }
            sched.lock.unlock();
            return;
        }
    }
    m* mp = mget();
    if (mp == nullptr) {
        mp = allocm();
        sched.lock.unlock();
        mp->spinning = spinning;
        mp->nextp = pp;
        newm(mp);
        return;
    }
    sched.lock.unlock();
    mp->spinning = spinning;
    give_nextp(mp, pp);
}

void wakep_slow() {
    chaos_delay();
    if (!cas_seq_cst(sched.nmspinning, 0, 1)) return;
    chaos_delay();
    startm(nullptr, true);
}

namespace {
// Who does finds what is in the global queue, or this m's second look does when that one has gone. W2
bool somebody_spins() {
    return load_relaxed(sched.nmspinning) > load_relaxed(sched.nlingering);
}
}  // namespace

void wake_for_rest() {
    if (any_work_queued()) wakep();
    // An m that goes idle would poll for these; the caller goes on with its own goroutine, or sleeps for it.
    std::int64_t timer = earliest_timer();
    if (timer != never_fires || load_relaxed(netpoll_waiters) != 0) wake_poller(timer);
}

// Why not let an m look for work with it, where nobody else does, as Go does: here the second look below finds what
// came meanwhile, and a goroutine that is soon back from C would have to wait for that m to give up. 5.6 us for a
// call that hands its p off, and 1.1 this way.
void handoffp(p* pp, bool to_spinner) {
    if (!runqempty(pp) || (load_relaxed(sched.runqsize) != 0 && !(to_spinner && somebody_spins()))) {
        startm(pp, false);
        return;
    }
    chaos_delay();
    sched.lock.lock();
    if (load_relaxed(sched.gcwaiting)) {
        store_relaxed(pp->status, Pgcstop);
        pp->was = stopped_as::idle;
        if (--sched.stopwait == 0) sched.stopnote.wakeup();
        sched.lock.unlock();
        return;
    }
    if (!sched.runq.empty() && !(to_spinner && somebody_spins())) {
        sched.lock.unlock();
        startm(pp, false);
        return;
    }
    pidleput(pp);
    sched.lock.unlock();
    chaos_delay();
    heavy_fence();  // W1: who queued a goroutine just before may not have seen this p idle
    wake_for_rest();
}

namespace {
// Where the next goroutine is locked too (or its m stands there: Y3), the p goes straight to its m: through a third m
// it would be two wake-ups. Not in the turn of others: where locked ones answer each other without end nobody else
// would look for those.
bool hand_to_next_locked(m* mp) {
    if (load_relaxed(sched.gcwaiting) || scheduler_has_its_turn(mp->p)) return false;
    g* next = runqget(mp->p);
    if (next == nullptr) return false;
    m* locked = next->lockedm;
    if (locked == nullptr || locked == mp) {
        runqput(mp->p, next, true);
        return false;
    }
    incidlelocked(-1);
    give_nextp(locked, releasep(mp));
    return true;
}
}  // namespace

void leave_p(m* mp) {
    if (!hand_to_next_locked(mp)) handoffp(releasep(mp), mp->lockedg != nullptr);
}

}  // namespace gangway::runtime
