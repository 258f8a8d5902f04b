// SPDX-License-Identifier: BSD-3-Clause
// Stopping every p, and changing how many there are.
//
//  Z1 Only one stops the world at a time: it holds worldsema, taken where it may park, on a goroutine's own stack.
//  Z2 stopwait counts the ps that have not stopped. The stopper takes those that are idle and those in C; each other
//     m stops its own when it next comes to the scheduler or enters C (gcstopm, entersyscall_slow), and the last of
//     them wakes the stopper.
//  Z3 A p that is stopped is Pgcstop and the stopper's; so is all that only its owner touches.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// Any thread; may park. Between the two nothing that parks may be called, and no goroutine but the caller's runs.
void stoptheworld();
void starttheworld(int nprocs);  // 0: as many as before

// For reports, which are wanted most where something does not stop. Waits for the goroutines that run for no longer than
// a time, then leaves those that have not stopped alone. Off a goroutine's stack it does not wait for other stops for long
// either. False: somebody else stops the world and goes on doing so; else starttheworld(0) is to be called.
bool stoptheworld_for(std::int64_t ns);
constexpr std::int64_t longest_stop = 10'000'000;

// Z1's worldsema, without a stop. On a goroutine's stack it parks, elsewhere it spins.
void acquire_worldsema();
void release_worldsema();

// On g0. Stops the m's p for a stop-the-world and sleeps until it is over.
void gcstopm(m* mp);

// sched.lock held and the world stopped, or not yet started. Makes it n ps. Gives those with work, linked; the caller's
// own p (if it has one) is not among them.
p* procresize(int n);

// At exit: no goroutine runs after it.
void stop_for_good();

}  // namespace gangway::runtime
