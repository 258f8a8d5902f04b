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

// On g0. Stops the m's p for a stop-the-world and sleeps until it is over.
void gcstopm(m* mp);

// sched.lock held and the world stopped, or not yet started. Makes it n ps. Gives those with work, linked; the caller's
// own p (if it has one) is not among them.
p* procresize(int n);

// At exit: no goroutine runs after it.
void stop_for_good();

}  // namespace gangway::runtime
