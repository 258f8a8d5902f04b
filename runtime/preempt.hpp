// SPDX-License-Identifier: BSD-3-Clause
// Asking a goroutine to yield.
//
// Whoever asks sets g.preempt, and pulls two wires of the m that runs it: p_taken's `preempt` bit, which runtime calls
// and the way out of C look at (syscall.hpp), and the thread's stack guard, which the prologue of each function built
// with -fsplit-stack compares with sp. A poisoned guard is above every sp: the prologue calls __morestack, which comes to
// newstack().
//
//  P1 g.preempt is the request; the guard only carries it. A guard may be reset while the goroutine may not be preempted
//     (P3), so whatever makes it preemptible again sets the guard from g.preempt (restore_stackguard). execute() and
//     the direct switch clear g.preempt: a goroutine that has just been given its turn owes nobody one.
//  P2 Only a thread itself resets its guard, and then looks at g.preempt; who asks sets g.preempt, then poisons the guard.
//     Between the two steps on either side stands the asymmetric fence (F1): the guard ends poisoned, or its owner sees
//     the request.
//  P3 A goroutine is not preempted while its thread holds a runtime lock, has a p in its hands or has stopped the world
//     (preempt_off_depth() != 0), while it is in C, on g0, and while it holds a preempt_guard. The runtime is not built
//     with -fsplit-stack, but what it calls may be: a replaced operator new, a move constructor under a channel's lock,
//     and any inline function of which the linker has kept the program's copy.
//  P4 Who asks holds sched.lock, and so does a thread that stops being an m (J3): the guard word that is poisoned
//     exists. The g exists too: its slot is given back under stacks_lock, after curg was cleared.
//
// Where Go restores its guard in ready, newproc, allocm and the allocator, this does it in the release that all of them
// pass through: m_lock::unlock (allocm and the allocators run under sched.lock and stacks_lock) and startm.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// Above every sp, read as unsigned; below every one, read as signed: Clang's code for alloca compares so and takes the
// stack then.
constexpr std::uintptr_t stack_preempt = ~std::uintptr_t{0} - 1313;

// Between the guard and the stack's end: what __morestack and the switch need, which saves up to 2.7 KB of registers.
constexpr std::size_t stackguard_room = 4096;

// sched.lock held. Asks the goroutines that the first n of ms run to yield. One heavy_fence for all of them.
void request_preempt(m** ms, int n);

// The guard as g.preempt wants it, for the calling thread's curg. P1, P2
void restore_stackguard(g* gp);

// The owner's: gp has its turn.
inline void clear_preempt(g* gp) {
    store_relaxed(gp->preempt, false);
    set_stackguard(gp->stackguard);
}

// On curg's stack, after p_taken's bit or g.preempt was seen: yields unless P3 forbids it. May return on another m.
void preempt_if_allowed(m* mp, g* gp);

// What vector state __morestack has to keep, from the processor; before the first goroutine.
void find_vector_state();

}  // namespace gangway::runtime
