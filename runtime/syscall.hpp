// SPDX-License-Identifier: BSD-3-Clause
// Into C and back without a locked instruction: entersyscall, exitsyscall, and taking a p in between.
// docs/handshake.md has the argument at length, and what breaks without each step.
//
// While an m is in C its p lies there unused. Whoever wants it (sysmon, stop-the-world) may take it:
//
//   m enters    in_syscall = 1 (release); light_fence; attention set? -> slow
//   m leaves    in_syscall = 0;           light_fence; p_taken set?   -> slow, under sched.lock
//   taker       under sched.lock: p_taken = taken; heavy_fence; in_syscall (acquire) == 1 ? m->p is the taker's
//                                                                                          : p_taken = 0, the m kept it
//
//  H1 in_syscall has one writer, the m. p_taken's `taken` is written under sched.lock only. By F1 either the taker sees
//     in_syscall == 0, or the m, leaving, sees p_taken. Both may happen: then the m waits for sched.lock, finds that the
//     taker has given up, and goes on with its p. Neither cannot happen: that would be two owners.
//  H2 What is taken is mp->p as it is now, not the p for which the taker picked this m: the m may have left that call,
//     changed its p and entered another while the taker decided. The release of in_syscall publishes mp->p; the acquire
//     reads it.
//  H3 After a take mp->p is stale until the m comes back: it clears it under sched.lock. Nobody else reads mp->p of an
//     m whose p_taken is set.
//  H4 gcwaiting is announced in sched.attention before the stopper's heavy_fence, after which the stopper looks for the
//     ms that have a p; the m looks at attention after in_syscall is set:
//     an m that enters too late for the stopper to see gives its p up itself.
//  H5 p_taken's other bits only ask the slow path for something: `preempt`, to yield (preempt.hpp), and
//     `guard_was_reset`, to set the stack guard again, which code of -fsplit-stack has met on g0 and put out of its way.
#pragma once

#include "runtime/chaos_window.hpp"
#include "runtime/fence.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

constexpr std::uint32_t taken = 1;
constexpr std::uint32_t preempt = 2;
constexpr std::uint32_t guard_was_reset = 4;

void entersyscall_slow(m* mp);
// May return on another m, unless gp is locked to this one.
void exitsyscall_slow(m* mp, g* gp);

// On curg's stack or on the way to C.
inline void entersyscall(m* mp) {
    store_release(mp->in_syscall, 1);  // H1, H2
    light_fence();
    chaos_window();
    if (load_relaxed(sched.attention) != 0) [[unlikely]]  // H4
        entersyscall_slow(mp);
}

// The m is out of C; false: exitsyscall_slow() has to follow, the p may have been taken.
inline bool exitsyscall_fast(m* mp) {
    store_release(mp->in_syscall, 0);
    light_fence();
    chaos_window();
    return load_acquire(mp->p_taken) == 0;  // H1
}

// On curg's stack, C's frames gone or below a callback. May return on another m.
inline void exitsyscall(m* mp, g* gp) {
    if (!exitsyscall_fast(mp)) [[unlikely]]
        exitsyscall_slow(mp, gp);
}

// Gives the p up before a call that will block.
void entersyscallblock(m* mp);

// sched.lock held. want_p announces that the caller wants mp's p; false where somebody has taken it already. After one
// heavy_fence() for all of them, took_p gives the p that has become the caller's, or null.
bool want_p(m* mp);
p* took_p(m* mp);

}  // namespace gangway::runtime
