// SPDX-License-Identifier: BSD-3-Clause
// Callees that block as a rule.
//
// A call keeps its p until the monitor finds it long and takes the p, one nap of some tens of us later. Where that
// happened in one call of a callee after another, its next ones hand the p over before C runs, as blocking_call does,
// until too many of them were short after all. A callee is known by its call's frame (call_frame::enter): one
// function, or one lambda.
//
// All of this is a guess that every thread may correct, in any order: a wrong one costs a handover in vain, or a nap.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/atomic.hpp"

namespace gangway::runtime {

using callee = std::uint64_t (*)(void*);

constexpr std::size_t callee_slots = 64;
// Each in its slot, or null. Two of one slot take turns.
[[gnu::visibility("hidden")]] extern std::atomic<callee> blocking_callees[callee_slots];

// Whether there was ever one: most programs pay for this look only.
[[gnu::visibility("hidden")]] extern std::atomic<bool> some_callee_blocks;

inline std::size_t slot_of(callee fn) {
    return reinterpret_cast<std::uintptr_t>(fn) / 16 % callee_slots;
}
inline bool blocks_as_a_rule(callee fn) {
    return load_relaxed(some_callee_blocks) && load_relaxed(blocking_callees[slot_of(fn)]) == fn;
}

// The monitor took the p in a call of it, or of what it has called before: a callback calls too.
void note_taken(callee fn);
// A call of it that had handed its p over has returned: how long it was in C.
void note_handed_over(callee fn, std::int64_t ns);

}  // namespace gangway::runtime
