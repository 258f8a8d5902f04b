// SPDX-License-Identifier: BSD-3-Clause
// m_lock: runtime/lock_futex.hpp, L1 to L4. THREADS threads take and release it, each as often as it likes, each with its store
// buffer.
//
// What must hold: one holder at a time; nobody sleeps beside a free lock; what the unlocker touches after its store is
// not the lock, whose memory the next holder may free. The slot of the table of waiters is shared with nobody here.

#define THREADS 3
#define DEPTH 3
#define me (_pid - 1)  // `memory` is process 0

#define LOCKED 0
#define GUARDED 1  // what the lock guards
#define WORDS 2

#include "tso.pml"

byte waiters;            // only locked instructions write it
bool asleep[THREADS];    // in futex_wait
byte in_section;
byte truth;              // what GUARDED ought to be
byte leaving;            // threads that hold it, or have held it, for the last time
bool gone;               // the last of them has freed it

#ifdef NO_MEMBARRIER
#define barrier_on(t) true
#else
#define barrier_on(t) empty(buffer[t])
#endif

// The kernel's side of a wake-up: a full barrier, then one sleeper, any.
inline futex_wake_one() {
    drained;
    if
    :: atomic { asleep[0] -> asleep[0] = false }
    :: atomic { asleep[1] -> asleep[1] = false }
    :: atomic { asleep[2] -> asleep[2] = false }
    :: atomic { !asleep[0] && !asleep[1] && !asleep[2] }
    fi
}

active [THREADS] proctype a_thread() {
    byte seen;
    bool last;

again:
    // lock
    if
    :: atomic { drained && mem[LOCKED] == 0 -> mem[LOCKED] = 1 }; goto has_it
    :: atomic { drained && mem[LOCKED] == 1 }  // lock_slow
    fi;
#ifdef TRY_FIRST
    if
    :: atomic { drained && mem[LOCKED] == 0 -> mem[LOCKED] = 1 }; goto has_it
    :: atomic { drained && mem[LOCKED] == 1 }
    fi;
    atomic { drained -> waiters++ };
    goto sleeping;
#endif
    atomic { drained -> waiters++ };
    barrier_on(0);
    barrier_on(1);
    barrier_on(2);
trying:
    if
    :: atomic { drained && mem[LOCKED] == 0 -> mem[LOCKED] = 1 }; goto counted_and_has_it
    :: atomic { drained && mem[LOCKED] == 1 }
    fi;
sleeping:
#ifdef NO_COMPARE
    asleep[me] = true;
#else
    atomic {  // futex_wait: the kernel compares
        if
        :: mem[LOCKED] == 1 -> asleep[me] = true
        :: else
        fi
    };
#endif
    !asleep[me];
#ifdef UNCOUNT_EARLY
    atomic { drained -> waiters-- };
trying_uncounted:
    if
    :: atomic { drained && mem[LOCKED] == 0 -> mem[LOCKED] = 1 }; goto has_it
    :: atomic { drained && mem[LOCKED] == 1 }
    fi;
    atomic {
        if
        :: mem[LOCKED] == 1 -> asleep[me] = true
        :: else
        fi
    };
    !asleep[me];
    goto trying_uncounted;
#endif
    goto trying;

counted_and_has_it:
    atomic { drained -> waiters-- };  // L3
has_it:
    in_section++;
    assert(in_section == 1);
    assert(load(GUARDED) == truth);  // L1
    d_step { truth = 1 - truth; in_section-- };
    if
    :: skip
    :: last = true; leaving++  // it takes it no more: nobody wakes a sleeper by chance
    fi;
    if
    :: leaving == THREADS -> gone = true; goto done
    :: else
    fi;
#ifdef STORE_FIRST
    store(LOCKED, 0);
    store(GUARDED, truth);
#else
    store(GUARDED, truth);
#ifdef LOOK_FIRST
    seen = waiters;
#endif
    store(LOCKED, 0);
#endif
#ifndef LOOK_FIRST
    seen = waiters;  // after light_fence. L2
#ifdef WAITERS_IN_LOCK
    assert(!gone);  // L4
#endif
#endif
    if
    :: seen != 0 -> seen = 0; futex_wake_one()
    :: else
    fi;
    if
    :: !last -> goto again
    :: else
    fi;
done:
    skip
}
