// SPDX-License-Identifier: BSD-3-Clause
// A p's queue: its owner, who takes with plain stores, against thieves: runtime/runq.hpp, R2, R4 and R5; runq.cpp.
//
// The ring is full to begin with and nothing is put into it: who reads a slot before it is filled again is R1's and R2's
// matter, and not of this. The owner takes until nothing is left, with a goroutine in runnext first, which it puts
// there and takes by turns. Two thieves come twice each, for the ring or for runnext. All have store buffers.
//
// What must hold: nobody gets what another has got.

#define ITEMS 2    // in the ring
#define PUTS 2     // into runnext
#define THREADS 3  // the owner and two thieves
#define DEPTH 3
#define me (_pid - 1)  // `memory` is process 0

#define TAKING 0   // p.taking
#define HEAD 1     // p.runqhead
#define RUNNEXT 2  // p.runnext: 0, or 1 more than what is in it
#define WORDS 3

#include "tso.pml"

byte thieves;  // p.thieves: only locked instructions write it
bool got[ITEMS];
bool got_next[PUTS];

#ifdef NO_MEMBARRIER
#define barrier_on(t) true
#else
#define barrier_on(t) empty(buffer[t])
#endif

inline get(i) {
    atomic {
        assert(!got[i]);
        got[i] = true
    }
}

inline get_next(i) {
    atomic {
        assert(!got_next[i]);
        got_next[i] = true
    }
}

// cas_worked: whether it did. All before it in the buffer is out.
inline cas(a, from, to) {
    atomic {
        drained;
        if
        :: mem[a] == from -> mem[a] = to; cas_worked = true
        :: else -> cas_worked = false
        fi
    }
}

// alone: whether the owner may use plain stores.
inline begin_taking() {
#ifdef MARK_LATE
    if
    :: thieves == 0 -> alone = true
    :: else -> alone = false
    fi;
    store(TAKING, 1);
#else
    store(TAKING, 1);
    if
    :: thieves == 0 -> alone = true
    :: else -> alone = false
    fi;
#endif
    if
    :: alone
    :: else -> store(TAKING, 0)
    fi
}

inline owner_takes_next() {
    begin_taking();
    next = load(RUNNEXT);
    if
    :: alone ->
#ifdef END_EARLY
       store(TAKING, 0);
       store(RUNNEXT, 0);
#else
       store(RUNNEXT, 0);
       store(TAKING, 0);
#endif
       if
       :: next != 0 -> get_next(next - 1)
       :: else
       fi
    :: else ->
       if
       :: next == 0
       :: else ->
#ifdef PLAIN_BESIDE_THIEVES
          store(RUNNEXT, 0); cas_worked = true;
#else
          cas(RUNNEXT, next, 0);
#endif
          if
          :: cas_worked -> get_next(next - 1)
          :: else
          fi
       fi
    fi
}

inline owner_takes_from_ring() {
    begin_taking();
    head = load(HEAD);
    if
    :: alone ->
       if
       :: head < ITEMS ->
#ifdef END_EARLY
          store(TAKING, 0);
          store(HEAD, head + 1);
#else
          store(HEAD, head + 1);
          store(TAKING, 0);
#endif
          get(head)
       :: else -> store(TAKING, 0)
       fi
    :: else ->
       if
       :: head == ITEMS
       :: else ->
          cas(HEAD, head, head + 1);
          if
          :: cas_worked -> get(head)
          :: else
          fi
       fi
    fi
}

active proctype owner() {
    byte head;
    byte next;
    byte n;
    bool alone;
    bool cas_worked;

    do
    :: n < PUTS ->
       if
       :: load(RUNNEXT) == 0 -> n++; store(RUNNEXT, n)  // R4
       :: else
       fi;
       owner_takes_next()
    :: n == PUTS && load(HEAD) == ITEMS -> break
    :: load(HEAD) < ITEMS -> owner_takes_from_ring()
    od
}

active [2] proctype thief() {
    byte seen;
    byte n;
    bool cas_worked;
    bool owner_takes;

    do
    :: n == 2 -> break
    :: n < 2 ->
       n++;
#ifdef LOOK_FIRST
       owner_takes = load(TAKING);
#endif
       atomic { drained -> thieves++ };
       barrier_on(0); barrier_on(1); barrier_on(2);
#ifndef LOOK_FIRST
       owner_takes = load(TAKING);
#endif
       if
#ifdef STAY
       :: true ->
#else
       :: owner_takes
       :: else ->
#endif
          if
          :: seen = load(HEAD);
             if
             :: seen < ITEMS ->
                cas(HEAD, seen, seen + 1);
                if
                :: cas_worked -> get(seen)
                :: else
                fi
             :: else
             fi
          :: seen = load(RUNNEXT);
             if
             :: seen != 0 ->
                cas(RUNNEXT, seen, 0);
                if
                :: cas_worked -> get_next(seen - 1)
                :: else
                fi
             :: else
             fi
          fi
       fi;
       atomic { drained -> thieves-- }
    od
}
