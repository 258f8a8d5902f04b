// SPDX-License-Identifier: BSD-3-Clause
// The scheduler: gs to ps to ms.
//
// A runnable goroutine stands in a p's queue or in the global one. An m with a p takes from its own p's, then from the
// global one, then steals (findrunnable). An m without work gives its p to the idle list and sleeps (stopm).
//
//  W1 No goroutine waits beside an idle p. Who makes one runnable puts it into a queue, then looks whether a p is idle
//     and nobody is spinning, and if so wakes one m (wakep). An m that finds nothing puts its p into the idle list and
//     takes itself out of nmspinning, then looks at all queues and timers once more. Between the two steps on either
//     side stands the asymmetric fence (F1): the one sees the idle p, or the other sees the goroutine. A goroutine that
//     yields is made runnable too: it stays behind in a queue while another takes its place.
//  W2 Where wakep finds somebody spinning it wakes nobody: that one's second look is still to come.
//  W3 An m that spins and finds work was perhaps the last that did, and others may have left to it what they queued: it
//     takes itself out of nmspinning, and where a p is idle looks at the queues as in W1, and wakes the next one for what
//     it sees there (resetspinning). Not without a look: that one would mostly find nothing, and sleep again.
//
// Why not one queue: it would be one lock for all. Why not hand a readied goroutine to an idle m directly: it loses the
// cache that it shares with who readied it. Why not wake an m for each ready: they would spin and sleep by turns.
#pragma once

#include <cstdint>

#include "runtime/runq.hpp"
#include "runtime/switch.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// On g0. Finds a goroutine and runs it; never returns. The m may be without a p only when it has a lockedg.
[[noreturn]] void schedule();
// On g0, with a p. Runs gp, which is runnable and in no queue.
[[noreturn]] void execute(m* mp, g* gp);
// On g0. Parts mp and its curg: after it, gp may be made runnable and run elsewhere. The one place that does.
void dropg(m* mp);

// Makes gp, which is waiting and owned by the caller, runnable. Any thread. Never parks.
void goready(g* gp);
// Puts a new runnable gp where goready would.
void ready_new(g* gp);

// sched.lock held.
void globrunqput(g* gp);
g* globrunqget(p* pp, std::int32_t max);

// W1, after work was put into a queue. Any thread.
void wakep_slow();
inline void wakep() {
    light_fence();
    chaos_window();
    if (load_relaxed(sched.npidle) != 0 && load_relaxed(sched.nmspinning) == 0) [[unlikely]]
        wakep_slow();
}

// The m's own p. acquirep publishes it in pp->m.
void acquirep(m* mp, p* pp);
p* releasep(m* mp);

// sched.lock held.
void pidleput(p* pp);
p* pidleget();
void mput(m* mp);
void incidlelocked(std::int32_t n);

// W1's second look, for who does not look for work itself: wakes an m for what it finds, or for what somebody has to
// poll for. After a heavy_fence().
void wake_for_rest();
// Runs pp on some m, where it has work or should look for some; else pp goes idle.
// to_spinner: what is in the global queue is left to an m that spins, where there is one.
void handoffp(p* pp, bool to_spinner = false);
// pp: null for an idle one. spinning: the caller has counted the m in nmspinning.
void startm(p* pp, bool spinning);
// On g0, without a p. Sleeps until an m is wanted; then has one. The thread ends where none is for too long (J1).
void stopm(m* mp);
// Gives its p to whoever has work for it, straight to the m of a locked goroutine that is next. The caller will sleep.
void leave_p(m* mp);
// Leaves pp for mp, which sleeps for one, and wakes it. The caller has taken it off nmidlelocked where it counts there.
void give_nextp(m* mp, p* pp);
// On g0, without a p. Sleeps until give_nextp, and has that p.
void take_nextp(m* mp);

// Whether the calling m holds a p that it may use right now: not one that may be taken from it in a call.
inline p* usable_p(const m* mp) {
    return mp != nullptr && load_relaxed(mp->in_syscall) == 0 ? mp->p : nullptr;
}

std::uint32_t fastrand(m* mp);

}  // namespace gangway::runtime
