// SPDX-License-Identifier: BSD-3-Clause
// GANGWAY_DEBUG=chaos=SEED: what is rare is made common. The scheduler decides at random where it may decide freely, and
// threads linger in the windows between two steps of a protocol. What a program may rely on stays as it is.
//
// Each m draws from a generator of its own, seeded by SEED and the m's number. So a seed repeats the decisions of each m,
// but not how fast the threads run: a failure comes back with its seed sooner or later, not at once.
//
// It costs nothing where it is off. The hooks of calls and switches hang on bits that are looked at anyway
// (attention_chaos in sched.attention); others stand in slow paths. The windows in the fast paths of locks, calls and
// parking have no such bit: they are there in builds with GANGWAY_CHAOS_WINDOWS only (Debug, sanitizers).
#pragma once

#include <cstdint>

#include "runtime/chaos_window.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

void chaos_init(std::uint64_t seed);
// The first state of an m's generator.
std::uint32_t chaos_seed_of(std::uint64_t m_id);
bool chaos_happens(std::uint32_t one_in);

// Once in so many times, in slow paths. Never without chaos.
inline bool chaos_one_in(std::uint32_t n) {
    return chaos_on && chaos_happens(n);
}

// What follows has one caller each, and is called with chaos on.

// Where goroutine code comes in (preempt_check): asks it to yield.
void chaos_ask(m* mp);
inline void chaos_entry([[maybe_unused]] m* mp) {
#if defined(GANGWAY_CHAOS_WINDOWS)
    if (chaos_on) [[unlikely]]
        chaos_ask(mp);
#endif
}
// In entersyscall_slow, in_syscall set: gives the p up as if it had been taken, or asks for a yield on the way out.
void chaos_call(m* mp);
// For a direct switch: the next goroutine from where else than usual. Null: let schedule() decide.
g* chaos_next(p* pp);
// In findrunnable: the queues in another order. Null: in the usual one. May give the p to another m, and sleep; then
// *other_p is set, and the search begins anew.
g* chaos_pick(m* mp, bool* other_p);
// The monitor's naps.
std::int64_t chaos_nap();

}  // namespace gangway::runtime
