// SPDX-License-Identifier: BSD-3-Clause
// Parking with a direct switch against whoever makes the goroutine runnable: runtime/park.hpp, K1 to K3.
//
// MS ms run GS goroutines that park on a list under its lock, yield, or take another off the list and ready it; a thread
// that is no m does the last as well. One run queue for all. Memory is sequentially consistent: what is handed over goes
// through locks here, and their orders are lock.pml's matter.
//
// What must hold: no goroutine's stack is used by two ms, or before its registers are saved; none is forgotten; the
// list's lock is released.

#define MS 2
#define GS 3
#define none 255
#define me _pid  // of an_m

chan runq = [GS] of { byte };
chan list = [GS] of { byte };
bool list_locked;

byte runs_on[GS] = none;  // the m whose thread is on its stack
bool parked[GS];
byte left_by[MS] = none;     // m.left
bool yields[MS];          // m.waitunlockf is that of a yield
byte was_on[GS] = none;   // the m that it was on when it left: not the one to settle for

inline lock_list() {
    atomic { !list_locked -> list_locked = true }
}
inline unlock_list() {
    assert(list_locked);
    list_locked = false
}

inline ready(g) {
    assert(parked[g]);
    parked[g] = false;
    runq!g
}

// The instant in which an m is on `to` and no more on `from`.
inline switch_stacks(from, to) {
    d_step {
        assert(runs_on[from] == me);
        runs_on[from] = none;
        assert(runs_on[to] == none);
        runs_on[to] = me
    }
}

// unlockf of a goroutine that has been left, or the queueing of one that yielded
inline settle(m) {
    if
    :: left_by[m] == none
    :: left_by[m] != none ->
       if
#ifndef QUEUE_FIRST
       :: yields[m] -> runq!left_by[m]; left_by[m] = none
#else
       :: yields[m] -> left_by[m] = none
#endif
#ifndef UNLOCK_FIRST
       :: !yields[m] -> left_by[m] = none; unlock_list()
#else
       :: !yields[m] -> left_by[m] = none
#endif
       fi
    fi
}

active [MS] proctype an_m() {
    byte cur = none;
    byte next = none;
    byte other = none;

schedule:
end:
    atomic { runq?cur -> assert(!parked[cur]); assert(runs_on[cur] == none); runs_on[cur] = me };
    goto code;

switch_direct:  // cur left for next
#ifndef NO_SETTLE
    assert(left_by[me] == none);
#endif
    left_by[me] = cur;
    was_on[cur] = me;
    switch_stacks(cur, next);
    cur = next; next = none;

    // What the one that arrives does first: K2
#ifdef LOCK_FIRST
    lock_list();
    unlock_list();
#endif
#ifdef SWITCH_FIRST
    if
    :: runq?next -> yields[me] = true; goto switch_direct
    :: skip
    fi;
#endif
#ifdef OLD_M
    if
    :: was_on[cur] == none -> settle(me)
    :: was_on[cur] != none -> other = was_on[cur]; settle(other); other = none
    fi;
#else
#ifndef NO_SETTLE
    settle(me);
#endif
#endif

code:
    assert(runs_on[cur] == me);
    if
    :: skip ->  // it parks
       lock_list();
       list!cur;
       parked[cur] = true;
#ifdef UNLOCK_FIRST
       unlock_list();
#endif
       if
       :: runq?next -> yields[me] = false; goto switch_direct
       :: skip ->  // mcall(park_m)
          was_on[cur] = me;
          runs_on[cur] = none;
          cur = none;
#ifndef UNLOCK_FIRST
          unlock_list();
#endif
          goto schedule
       fi
    :: runq?next ->  // it yields
       yields[me] = true;
#ifdef QUEUE_FIRST
       runq!cur;
#endif
       goto switch_direct
    :: atomic { nempty(list) && !list_locked -> list_locked = true };  // it readies another
       if
       :: list?other
       :: empty(list)
       fi;
       unlock_list();
       if
       :: other != none -> ready(other); other = none
       :: else
       fi
    fi;
    goto code
}

active proctype another_thread() {
    byte g = none;

end:
    do
    :: atomic { nempty(list) && !list_locked -> list_locked = true };
       list?g;
       unlock_list();
       ready(g);
       g = none
    od
}

init {
    atomic { runq!0; runq!1; runq!2 }
}
