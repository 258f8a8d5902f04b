// SPDX-License-Identifier: BSD-3-Clause
// Calls of a closure against its release: callbacks/closure.hpp, CL1 to CL3. Two ms out of C and a thread that releases it;
// either m may be the owner, and each calls up to twice, also after the release. With
// -DOWNER_RELEASES the thread that releases may be the owner itself.
//
// What must hold: the target is there while a call uses it; it is destroyed, once, when all is over; unless a call came
// after the release, which ends the process.

#define THREADS 3
#define DEPTH 3
#define me (_pid - 1)  // `memory` is process 0
#define CALLERS 2

#define OWNER 0  // the m, from 1; 0: none
#define OWN 1    // own_calls
#define OTHER 2  // other_calls
#define STATE 3
#define WORDS 4

#include "tso.pml"

#define living 0
#define released 1
#define gone 2

bool destroyed;
bool died;  // of a late call
byte done;

inline heavy_fence() {
    drained;
    empty(buffer[0]);
    empty(buffer[1]);
    empty(buffer[2])
}

inline destroy() {
    assert(!destroyed);
    destroyed = true
}

// The caller has seen no call. CL3
inline take_dead() {
#ifdef NO_TAKE
    destroy();
#else
    if
    :: atomic { drained && mem[STATE] == released -> mem[STATE] = gone }; destroy()
    :: atomic { drained && mem[STATE] != released }
    fi;
#endif
}

inline light_fence() {
    skip
}

active [CALLERS] proctype a_caller() {
    byte calls;
    byte state;
    byte seen;
    bool own;

again:
    if
    :: calls == 2 -> goto over
    :: calls < 2 -> calls++
    :: calls < 2 -> goto over
    fi;
    own = false;
#ifdef STATE_FIRST
    state = load(STATE);
#endif
    // enter
    seen = load(OWNER);
    if
    :: seen == 0 ->
       if
       :: atomic { drained && mem[OWNER] == 0 -> mem[OWNER] = me + 1; own = true }
       :: atomic { drained && mem[OWNER] != 0 }
       fi
    :: seen == me + 1 -> own = true
    :: else
    fi;
    if
    :: own ->
       seen = load(OWN);
       store(OWN, seen + 1);
       light_fence()
    :: else ->
       atomic { drained -> mem[OTHER]++ }
    fi;
#ifndef STATE_FIRST
    state = load(STATE);
#endif
    if
    :: state != living -> died = true; goto over
    :: else
    fi;

    assert(!destroyed || died);
    assert(!destroyed || died);  // and a while later

    // leave
#ifdef LEAVE_FIRST
    state = load(STATE);
#endif
    if
    :: own ->
       seen = load(OWN);
       store(OWN, seen - 1);
       light_fence()
    :: else ->
       atomic { drained -> mem[OTHER]-- }
    fi;
#ifndef LEAVE_FIRST
    state = load(STATE);
#endif
    if
    :: state != living ->  // leave_released
#ifndef NO_LAST_FENCE
       heavy_fence();
#endif
       if
       :: load(OWN) == 0 && load(OTHER) == 0 -> take_dead()
       :: else
       fi
    :: else -> goto again
    fi;
over:
    done++
}

active proctype release() {
    byte seen;

#ifdef OWNER_RELEASES  // it is an m too, and has called before
    if
    :: atomic { drained && mem[OWNER] == 0 -> mem[OWNER] = me + 1 }; store(OWN, 1); light_fence(); store(OWN, 0)
    :: skip
    fi;
#endif
#ifdef OWNER_FIRST
    seen = load(OWNER);
#endif
    atomic { drained -> mem[STATE] = released };
#ifndef OWNER_FIRST
    seen = load(OWNER);
#endif
#ifndef NO_MEMBARRIER
    if
    :: seen != 0 && seen != me + 1 -> heavy_fence()
    :: else
    fi;
#endif
    if
    :: load(OWN) == 0 && load(OTHER) == 0 -> take_dead()
    :: else
    fi;
    done++
}

active proctype afterwards() {
    done == THREADS;
    assert(destroyed || died)
}
