// SPDX-License-Identifier: BSD-3-Clause
// Semaphores: sleep until a word is above zero, and take one off. What the locks of sync.hpp block on.
//
// Who has to wait stands in a table keyed by the word's address, so a word costs four bytes and nothing is registered.
//
//  E1 semrelease adds to the word, then looks whether anybody waits in that part of the table; semacquire counts itself
//     as waiting there, then tries the word once more before it parks. All four are seq_cst: one of them sees the other.
//  E2 The waiters of one address are served first come, first served (lifo puts one at the front: it has waited before).
//  E3 A waiter that was handed the count (handoff) owns it already; any other tries again when it wakes, and may lose
//     to one that came meanwhile.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/types.hpp"

namespace gangway::runtime {

using semaphore_word = std::atomic<std::uint32_t>;

// May park, so only on curg's stack: elsewhere fatal, by name. May return on another m.
void semacquire(semaphore_word& word, wait_reason why, bool lifo = false);
// Any thread. Never parks, but with `handoff` the waiter goes next and the caller, on a goroutine, yields to it.
void semrelease(semaphore_word& word, bool handoff = false);
// Any thread.
bool try_semacquire(semaphore_word& word);

// f(gp, word, arg) for each goroutine that waits, with the lock of its part of the table held.
using lock_waiter_visitor = void (*)(const g* gp, const void* word, void* arg);
void for_each_lock_waiter(lock_waiter_visitor f, void* arg);

}  // namespace gangway::runtime
