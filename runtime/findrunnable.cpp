// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/findrunnable.hpp"

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
    return 2 * load_relaxed(sched.nmspinning) < load_relaxed(sched.gomaxprocs) - load_relaxed(sched.npidle);
}

g* steal_work(m* mp, p* pp) {
    auto n = static_cast<std::uint32_t>(load_relaxed(sched.gomaxprocs));
    for (int round = 0; round < steal_rounds; round++) {
        std::uint32_t first = fastrand(mp) % n;
        for (std::uint32_t i = 0; i < n; i++) {
            if (load_relaxed(sched.gcwaiting)) return nullptr;
            p* victim = sched.allp[(first + i) % n];
            if (victim == pp || load_relaxed(victim->status) == Pidle) continue;
            if (g* gp = runqsteal(pp, victim, round == steal_rounds - 1)) {
                count(pp->steals);
                return gp;
            }
        }
    }
    return nullptr;
}

// W1's second look. True: the m has a p again and spins.
bool look_again(m* mp) {
    mp->spinning = false;
    check(add_seq_cst(sched.nmspinning, -1) >= 0, "findrunnable: negative nmspinning");
    heavy_fence();
    if (!any_work_queued()) return false;
    sched.lock.lock();
    p* pp = pidleget();
    sched.lock.unlock();
    // No idle p: whoever took it looks at the queues in its turn.
    if (pp == nullptr) return false;
    acquirep(mp, pp);
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

g* from_own_or_global(p* pp) {
    if (global_queue_has_its_turn(pp)) {
        if (g* gp = from_global(pp, 1)) return gp;
    }
    if (g* gp = runqget(pp)) return gp;
    return from_global(pp, 0);
}

}  // namespace

bool any_work_queued() {
    auto n = static_cast<std::uint32_t>(load_relaxed(sched.gomaxprocs));
    for (std::uint32_t i = 0; i < n; i++)
        if (!runqempty(sched.allp[i])) return true;
    return load_relaxed(sched.runqsize) != 0;
}

void resetspinning(m* mp) {
    mp->spinning = false;
    check(add_seq_cst(sched.nmspinning, -1) >= 0, "resetspinning: negative nmspinning");
    wakep();
}

g* findrunnable(m* mp) {
    for (;;) {
        if (load_relaxed(sched.gcwaiting)) {
            gcstopm(mp);
            continue;
        }
        p* pp = mp->p;
        if (g* gp = from_own_or_global(pp)) return gp;
        if (may_spin(mp)) {
            if (!mp->spinning) become_spinning(mp);
            if (g* gp = steal_work(mp, pp)) return gp;
        }
        if (g* gp = give_up_p(mp)) return gp;
        if (mp->p != nullptr) continue;
        if (mp->spinning && look_again(mp)) continue;
        stopm(mp);
    }
}

}  // namespace gangway::runtime
