// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/syscall.hpp"

#include "runtime/bound.hpp"
#include "runtime/chaos.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/preempt.hpp"
#include "runtime/proc.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

bool want_p(m* mp) {
    std::uint32_t was = load_relaxed(mp->p_taken);
    if ((was & taken) != 0) return false;
    store_seq_cst(mp->p_taken, was | taken);
    return true;
}

p* took_p(m* mp) {
    if (load_acquire(mp->in_syscall) == 0) {
        // The m kept its p, and perhaps waits for the lock to find that out.
        store_seq_cst(mp->p_taken, load_relaxed(mp->p_taken) & ~taken);
        return nullptr;
    }
    p* pp = mp->p;  // H2
    check(pp != nullptr && load_relaxed(pp->m) == mp, "took_p: not this m's p");
    store_relaxed(pp->m, nullptr);
    return pp;
}

void entersyscall_slow(m* mp) {
    if (getm() == nullptr) return;                    // in a child of fork
    if (load_relaxed(sched.exiting_m) == mp) return;  // the world has stopped for this one: it keeps its p
    if (load_relaxed(sched.attention) == attention_chaos) return chaos_call(mp);
    // H4: the world is being stopped, perhaps after this m was looked at. Its p goes to the stopper, unless it has it.
    sched.lock.lock();
    if (load_relaxed(sched.gcwaiting) && (load_relaxed(mp->p_taken) & taken) == 0) {
        p* pp = mp->p;
        store_relaxed(pp->m, nullptr);
        store_relaxed(pp->status, Pgcstop);
        pp->was = stopped_as::in_c;
        store_seq_cst(mp->p_taken, load_relaxed(mp->p_taken) | taken);
        if (--sched.stopwait == 0) sched.stopnote.wakeup();
    }
    sched.lock.unlock();
}

void entersyscallblock(m* mp) {
    store_release(mp->in_syscall, 1);
    sched.lock.lock();
    if ((load_relaxed(mp->p_taken) & taken) != 0) {
        sched.lock.unlock();
        return;
    }
    p* pp = mp->p;
    store_relaxed(pp->m, nullptr);
    store_relaxed(pp->status, Pidle);
    store_seq_cst(mp->p_taken, load_relaxed(mp->p_taken) | taken);
    sched.lock.unlock();
    add_relaxed(sched.handoffs, 1U);
    handoffp(pp);
}

namespace {

// On g0, without a p.
void exitsyscall0(g* gp) {
    m* mp = getm();
    dropg(mp);
    store_relaxed(gp->status, Grunnable);
    bool locked = gp->lockedm != nullptr;
    sched.lock.lock();
    if (sched.stopped_for_good && load_relaxed(mp->entering)) {
        sched.lock.unlock();
        refuse_entry(mp);  // I5
    }
    p* pp = load_relaxed(sched.gcwaiting) ? nullptr : pidleget();
    if (pp == nullptr) globrunqput(gp->bound ? stand_in_line(mp, gp) : gp);  // from here on gp may run elsewhere
    sched.lock.unlock();
    if (pp != nullptr) {
        acquirep(mp, pp);
        execute(mp, gp);
    }
    if (!locked && mp->run == nullptr) stopm(mp);
    schedule();  // waits for its goroutine where it has one
}

// The p was taken: another one, the same if nobody has it.
bool find_p(m* mp, p* old) {
    sched.lock.lock();
    p* pp = nullptr;
    if (!load_relaxed(sched.gcwaiting)) {
        // The caches of the one it had are still warm.
        for (p** link = &sched.pidle; *link != nullptr; link = &(*link)->link) {
            if (*link != old) continue;
            *link = old->link;
            old->link = sched.pidle;
            sched.pidle = old;
            break;
        }
        pp = pidleget();
    }
    sched.lock.unlock();
    if (pp == nullptr) return false;
    chaos_delay();
    acquirep(mp, pp);
    return true;
}

}  // namespace

void exitsyscall_slow(m* mp, g* gp) {
    check(mp->curg == gp, "exitsyscall: not the goroutine that entered");
    if (getm() == nullptr) return;  // the call has forked, and this is the child
    chaos_delay();
    sched.lock.lock();  // a taker that has not decided yet decides first. H1
    std::uint32_t bits = load_relaxed(mp->p_taken);
    store_relaxed(mp->p_taken, 0U);
    p* old = mp->p;
    if ((bits & taken) != 0) mp->p = nullptr;  // H3
    sched.lock.unlock();
    if ((bits & taken) != 0) {
        note_time();
        if (!find_p(mp, old)) {
            mcall(&exitsyscall0);  // and execute(), which sets the guard
            return;
        }
    }
    preempt_if_allowed(mp, gp);  // H5
}

}  // namespace gangway::runtime
