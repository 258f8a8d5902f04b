// SPDX-License-Identifier: BSD-3-Clause
// The handshake between a call and whoever takes its p: runtime/syscall.hpp, H1 to H4; fence.hpp, F1 and F2.
//
// MS ms and PS ps, the monitor, and a stop-the-world by a thread that is no m; all of them go on for ever. Only the ms
// have store buffers: the takers' stores are seq_cst. What is written and read under sched.lock alone needs no buffer.
//
// What must hold: nobody uses a p that is another's; what a taker reads of a p is what its m left; a stop ends although
// C waits for its end. README.md lists the switches that take a step out.

#ifndef MS
#define MS 2
#endif
#ifndef PS
#define PS 1
#endif

#define THREADS MS
#define me (_pid - 1)  // `memory` is process 0
#define DEPTH 4

// Words
#define LOCK 0               // sched.lock
#define ATTENTION 1          // sched.attention
#define PM(p) (2 + (p))      // p.m: the m, from 1; 0: null
#define IN(m) (2 + PS + (m))            // m.in_syscall
#define TAKEN(m) (2 + PS + MS + (m))    // m.p_taken
#define MP(m) (2 + PS + 2 * MS + (m))   // m.p: the p, from 1; 0: null
#define WORDS (2 + PS + 3 * MS)

#include "tso.pml"

#define nobody 255
#define is_idle 100
#define is_stopped 101
#define in_hand 102  // the monitor's

// sched.lock
bool gcwaiting;
byte stopwait;
// Whose each p is, as it ought to be: an m, in C or not, or one of the above. No code reads it but to assert.
byte owner[PS] = is_idle;

#define lock_is_free (mem[LOCK] == 0)

// What an m stores between taking sched.lock and releasing it goes out before the release does.
inline m_locks() {
    atomic { drained && lock_is_free -> mem[LOCK] = 1 }
}
inline m_unlocks() {
    store(LOCK, 0)
}

inline light_fence() {
#ifdef FULL_FENCES
    drained
#else
    skip
#endif
}

#if !defined(FULL_FENCES) && !defined(NO_MEMBARRIER)
#define barrier_on(m) empty(buffer[m])
#else
#define barrier_on(m) true
#endif

inline heavy_fence() {
    barrier_on(0);
#if MS > 1
    barrier_on(1);
#endif
}

active [MS] proctype an_m() {
    byte pp = nobody;  // as it believes
    bool in_callback;
    bool saw;

without_p:  // find_p, exitsyscall0, stopm: an idle p; then acquirep, outside of the lock
    pp = nobody;
    if
    :: atomic { drained && lock_is_free && !gcwaiting && owner[0] == is_idle -> pp = 0; owner[0] = me }
#if PS > 1
    :: atomic { drained && lock_is_free && !gcwaiting && owner[1] == is_idle -> pp = 1; owner[1] = me }
#endif
    fi;
    store(MP(me), pp + 1);
    store(PM(pp), me + 1);

running:  // goroutine code; also a callback's
    assert(owner[pp] == me);
    if
    :: skip  // a call, or the callback's end
    :: atomic { gcwaiting && drained && lock_is_free ->  // gcstopm
           mem[MP(me)] = 0; mem[PM(pp)] = 0;
           owner[pp] = is_stopped; stopwait-- };
       goto without_p
    :: atomic { !gcwaiting && drained && lock_is_free ->  // it parks, and there is no other: give_up_p, handoffp
           mem[MP(me)] = 0; mem[PM(pp)] = 0;
           owner[pp] = is_idle };
       goto without_p
    fi;
    in_callback = false;

    // entersyscall
    assert(owner[pp] == me);
#ifdef ATTENTION_FIRST
    saw = load(ATTENTION);
#endif
    store(IN(me), 1);
    light_fence();
#ifndef ATTENTION_FIRST
    saw = load(ATTENTION);
#endif
#ifndef NO_ATTENTION
    if
    :: saw ->  // entersyscall_slow
       saw = false;
       m_locks();
       if
       :: gcwaiting && load(TAKEN(me)) == 0 ->
          assert(owner[pp] == me);
          owner[pp] = is_stopped; stopwait--;
          store(PM(pp), 0);
          store(TAKEN(me), 1)
       :: else
       fi;
       m_unlocks()
    :: else
    fi;
#endif
    saw = false;

in_c:
    if
    :: skip                // it returns
    :: in_callback = true  // it calls back
    :: gcwaiting -> !gcwaiting; goto in_c  // it waits for what comes after the stop
    fi;

    // exitsyscall
#ifdef LOAD_FIRST
    saw = load(TAKEN(me));
#endif
    store(IN(me), 0);
    light_fence();
#ifndef LOAD_FIRST
    saw = load(TAKEN(me));
#endif
    if
    :: !saw -> goto running
    :: else
    fi;
    // exitsyscall_slow
#ifdef NO_LOCK_ON_EXIT
    store(TAKEN(me), 0);
#else
    m_locks();
    saw = load(TAKEN(me));
    store(TAKEN(me), 0);
    if
    :: saw -> store(MP(me), 0)  // H3
    :: else
    fi;
    m_unlocks();
#endif
    if
    :: saw -> saw = false; goto without_p
    :: else -> goto running
    fi
}

inline t_locks() {
    atomic { lock_is_free -> mem[LOCK] = 1 }
}
inline t_unlocks() {
    mem[LOCK] = 0
}

// For a taker with the local variables wanted[] and chosen[].
inline want_p(m) {
    if
#ifdef NO_TAKEN_TEST
    :: true ->
#else
    :: mem[TAKEN(m)] == 0 ->
#endif
#ifndef MARK_LATE
       mem[TAKEN(m)] = 1;
#endif
       wanted[m] = true;
       chosen[m] = mem[MP(m)]
    :: else
    fi
}

#ifdef P_WHEN_CHOSEN
#define p_taken_of(m) chosen[m]
#else
#define p_taken_of(m) mem[MP(m)]
#endif

// Sets took to the p that has become the taker's, or nobody.
inline took_p(m) {
    took = nobody;
    if
    :: !wanted[m]
    :: wanted[m] && mem[IN(m)] == 0 ->
#ifndef KEEP_BIT
       mem[TAKEN(m)] = 0
#endif
    :: wanted[m] && mem[IN(m)] == 1 ->
#ifdef MARK_LATE
       mem[TAKEN(m)] = 1;
#endif
       d_step {
           assert(p_taken_of(m) != 0);
           took = p_taken_of(m) - 1;
           assert(owner[took] == m && mem[PM(took)] == m + 1);  // the check in took_p
           mem[PM(took)] = 0
       }
    fi;
    wanted[m] = false;
    chosen[m] = 0
}

#ifndef NO_MONITOR
active proctype monitor() {
    bool wanted[MS];
    byte chosen[MS];
    byte took = nobody;
    byte i;
    byte got[MS] = nobody;

end:
    do
    :: atomic { !gcwaiting && lock_is_free -> mem[LOCK] = 1 };  // with gcwaiting it does nothing
       for (i : 0 .. MS - 1) {
           if
           :: want_p(i)
           :: skip  // not long enough in its call, or not seen in one
           fi
       }
       heavy_fence();
       for (i : 0 .. MS - 1) {
           took_p(i);
           if
           :: took != nobody -> owner[took] = in_hand; got[i] = took; took = nobody
           :: else
           fi
       }
       t_unlocks();
       for (i : 0 .. MS - 1) {
           if
           :: got[i] != nobody ->  // handoffp
              t_locks();
              if
              :: gcwaiting -> owner[got[i]] = is_stopped; stopwait--
              :: else -> owner[got[i]] = is_idle
              fi;
              t_unlocks();
              got[i] = nobody
           :: else
           fi
       }
       i = 0
    od
}
#endif

#ifndef NO_STOP
active proctype stopper() {
    bool wanted[MS];
    byte chosen[MS];
    byte took = nobody;
    byte i;
    byte m;

end:
    do
    :: t_locks();  // stop_all
       stopwait = PS;
       gcwaiting = true;
       mem[ATTENTION] = 1;
#ifndef CHOOSE_BEFORE_FENCE
       heavy_fence();
#endif
       for (i : 0 .. PS - 1) {
           m = mem[PM(i)];
           if
#ifdef ONLY_SEEN_IN_C
           :: m != 0 && mem[IN(m - 1)] == 1 -> m--; want_p(m)
#else
           :: m != 0 -> m--; want_p(m)
#endif
           :: else
           fi;
           m = 0
       }
       heavy_fence();
       for (i : 0 .. MS - 1) {
           took_p(i);
           if
           :: took != nobody -> owner[took] = is_stopped; stopwait--; took = nobody
           :: else
           fi
       }
       for (i : 0 .. PS - 1) {
           if
           :: owner[i] == is_idle -> owner[i] = is_stopped; stopwait--
           :: else
           fi
       }
       t_unlocks();
stopping:
       stopwait == 0;
       for (i : 0 .. PS - 1) {
           assert(owner[i] == is_stopped)
       }
       t_locks();  // starttheworld
       mem[ATTENTION] = 0;
       gcwaiting = false;
       for (i : 0 .. PS - 1) {
           owner[i] = is_idle
       }
       t_unlocks();
       i = 0
    od
}
#endif
