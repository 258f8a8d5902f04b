// SPDX-License-Identifier: BSD-3-Clause
// biased_lock: runtime/biased_lock.hpp, BL1 to BL4. Threads 0 and 1 have a p each, thread 2 has none. Each takes and
// releases the lock as often as it likes: by its bias where it has it, or by the word even so (BL4). Who has the word
// gives the bias to its p or not. All have store buffers.
//
// What must hold: one holder at a time, who sees what the one before wrote.

#define THREADS 3
#define PS 2
#define DEPTH 3
#define me (_pid - 1)  // `memory` is process 0

#define WORD 0
#define BIAS 1     // 0: nobody's; 1, 2: the first, second p's
#define GUARDED 2  // what the lock guards
#ifdef WORD_OF_THE_LOCK
#define BIASED(p) 3
#define WORDS 4
#else
#define BIASED(p) (3 + (p))  // p.biased: 1 while it holds the lock
#define WORDS 5
#endif

#include "tso.pml"

byte in_section;
byte truth;  // what GUARDED ought to be

#ifdef NO_MEMBARRIER
#define barrier_on(t) true
#else
#define barrier_on(t) empty(buffer[t])
#endif

inline section() {
    in_section++;
    assert(in_section == 1);
    assert(load(GUARDED) == truth);
    d_step { truth = 1 - truth; in_section-- };
    store(GUARDED, truth)
}

inline end_bias() {
#ifdef CLEAR_LATE
    barrier_on(0); barrier_on(1); barrier_on(2);
    load(BIASED(whose - 1)) == 0;
    store(BIAS, 0)
#else
    store(BIAS, 0);
    drained;  // the fence, on the own side
    barrier_on(0); barrier_on(1); barrier_on(2);
#ifndef NO_WAIT
    load(BIASED(whose - 1)) == 0
#endif
#endif
}

active [THREADS] proctype a_thread() {
    byte whose;

again:
    if
    :: me < PS && load(BIAS) == me + 1 ->
       // take_as
#ifdef LOOK_FIRST
       if
       :: load(BIAS) == me + 1 -> whose = 1
       :: else -> whose = 0
       fi;
       store(BIASED(me), 1);
#else
       store(BIASED(me), 1);
#ifdef LOOK_ONCE
       whose = 1;
#else
       if
       :: load(BIAS) == me + 1 -> whose = 1
       :: else -> whose = 0
       fi;
#endif
#endif
       if
       :: whose == 1 -> whose = 0; section(); store(BIASED(me), 0); goto again
       :: else -> store(BIASED(me), 0)
       fi
    :: true
    fi;
    atomic { drained && mem[WORD] == 0 -> mem[WORD] = 1 };
    whose = load(BIAS);
    if
    :: whose == 0
    :: whose == me + 1
    :: else -> end_bias()
    fi;
    whose = 0;
    section();
#ifdef EARN_LATE
    store(WORD, 0);
    if
    :: me < PS && load(BIAS) == 0 -> store(BIAS, me + 1)
    :: true
    fi;
#else
    if
    :: me < PS && load(BIAS) == 0 -> store(BIAS, me + 1)
    :: true
    fi;
    store(WORD, 0);
#endif
    goto again
}
