// SPDX-License-Identifier: BSD-3-Clause
// Ready against an m that goes idle: runtime/proc.hpp, W1 to W3; findrunnable.cpp, startm.cpp.
//
// One m readies GOROUTINES of them into its p's ring, perhaps yields to one of them, and then runs something that never
// ends. The other ms look for work with the other ps: a goroutine that they run ends, or never does. All ms have store
// buffers.
//
// What must hold: when nothing moves any more, no goroutine waits in the ring beside an idle p.

#ifndef GOROUTINES
#define GOROUTINES 2
#endif
#define THREADS 3  // the producer and two more
#define DEPTH 3
#define me (_pid - 1)  // `memory` is process 0

#define TAIL 0  // p.runqtail
#define WORDS 1

#include "tso.pml"

// Only locked instructions write these.
byte head;                   // p.runqhead
byte npidle;
byte nmspinning;
bool needspinning;
// sched.lock. Each hold of it is one step here.
byte handed;  // ps given to an m of the idle list, or to a new one: whichever is next to sleep takes it

#define queued (head != mem[TAIL])

#ifdef NO_MEMBARRIER
#define barrier_on(t) true
#else
#define barrier_on(t) empty(buffer[t])
#endif

// startm(nullptr, spinning), with the hold of sched.lock as one step
inline startm() {
    atomic {
        drained;
        if
        :: npidle > 0 -> npidle--; handed++
        :: else -> needspinning = true; nmspinning--
        fi
    }
}

// idle: npidle.
inline wakep(idle) {
    if
    :: (idle) == 0
    :: else ->
       if
       :: nmspinning != 0  // W2
       :: else ->
          atomic {
              drained;
              if
              :: nmspinning == 0 -> nmspinning = 1; cas_worked = true
              :: else
              fi
          };
          if
          :: cas_worked -> cas_worked = false; startm()
          :: else
          fi
       fi
    fi
}

active proctype producer() {
    byte n;
    byte seen;
    bool cas_worked;

    do
    :: n < GOROUTINES ->
       n++;
#ifdef LOOK_FIRST
       seen = npidle;
       store(TAIL, n);
       wakep(seen)
#else
       store(TAIL, n);
       wakep(npidle)
#endif
    :: n == GOROUTINES -> break
    od;
    if
    :: skip  // goes on with what it runs
    :: atomic { drained && queued -> head++ };  // yields: takes the next one, then queues the one that it has left
       n++;
       store(TAIL, n);
#ifndef YIELD_SILENTLY
       wakep(npidle)
#endif
    fi
}

active [2] proctype worker() {
    bool spinning;
    bool cas_worked;

search:
    if
    :: spinning
    :: !spinning -> atomic { drained -> spinning = true; nmspinning++; needspinning = false }
    :: !spinning -> goto give_up  // enough of them spin: may_spin
    fi;
    if
    :: atomic { drained && queued -> head++ }  // a steal
    :: !queued -> goto give_up                 // read at any moment: it need not be so any more
    fi;
#ifdef NO_SUCCESSOR
    atomic { drained -> spinning = false; nmspinning-- };
#else
    atomic { drained -> spinning = false; nmspinning-- };  // resetspinning, W3
    if
    :: npidle == 0
    :: else ->
#ifndef NO_SUCCESSOR_FENCE
       barrier_on(0); barrier_on(1); barrier_on(2);
#endif
       if
       :: queued -> wakep(npidle)
       :: !queued
       fi
    fi;
#endif
    if
    :: goto search    // what it ran has ended
    :: goto for_ever  // it never does
    fi;

give_up:
    atomic {
        drained;
        if
        :: !spinning && needspinning -> spinning = true; nmspinning++; needspinning = false; goto search
        :: else -> npidle++
        fi
    };
#ifdef LEAVE_LATE
    barrier_on(0); barrier_on(1); barrier_on(2);
    if
    :: queued -> goto reclaim
    :: else
    fi;
#endif
    if
    :: spinning -> atomic { drained -> spinning = false; nmspinning-- }
    :: else
    fi;
#ifndef LEAVE_LATE
    barrier_on(0); barrier_on(1); barrier_on(2);
#ifndef NO_SECOND_LOOK
    if
    :: queued -> goto reclaim
    :: else
    fi;
#endif
#endif
    goto end_asleep;
reclaim:
    atomic {
        drained;
        if
        :: npidle > 0 ->
           npidle--;
           if
           :: !spinning -> spinning = true; nmspinning++
           :: else
           fi;
           needspinning = false; goto search
        :: else
        fi
    };
#ifdef LEAVE_LATE
    if
    :: spinning -> atomic { drained -> spinning = false; nmspinning-- }
    :: else
    fi;
#endif

end_asleep:
    atomic { handed > 0 -> handed--; spinning = true; goto search };

for_ever:
    skip
}

active proctype nothing_moves() {
    timeout;
    assert(!queued || npidle == 0);
    assert(nmspinning == 0)
}
