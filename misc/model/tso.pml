// SPDX-License-Identifier: BSD-3-Clause
// A memory with a store buffer for each thread: what x86-64 does (TSO).
//
// The includer defines THREADS, WORDS and DEPTH (how many stores a buffer holds). A store waits in its thread's buffer
// until `memory` lets it out, in order; a load sees the thread's own newest store, else the memory.

byte mem[WORDS];
chan buffer[THREADS] = [DEPTH] of { byte, byte };  // address, value
byte newest[THREADS * WORDS];                      // of the stores in the buffer to this word
byte pending[THREADS * WORDS];                     // how many

hidden byte a_, v_;

#define load(a) (pending[me * WORDS + (a)] > 0 -> newest[me * WORDS + (a)] : mem[a])

inline store(a, v) {
    atomic {
        nfull(buffer[me]);
        newest[me * WORDS + (a)] = v;
        pending[me * WORDS + (a)]++;
        buffer[me]!(a), (v);
    }
}

// A full barrier, also a locked instruction's: nothing goes on before the buffer is empty.
#define drained empty(buffer[me])

inline let_out(t) {
    buffer[t]?a_, v_;
    mem[a_] = v_;
    pending[(t) * WORDS + a_]--;
    if
    :: pending[(t) * WORDS + a_] == 0 -> newest[(t) * WORDS + a_] = 0
    :: else
    fi
}

active proctype memory() {
end:
    do
    :: d_step { nempty(buffer[0]) -> let_out(0) }
#if THREADS > 1
    :: d_step { nempty(buffer[1]) -> let_out(1) }
#endif
#if THREADS > 2
    :: d_step { nempty(buffer[2]) -> let_out(2) }
#endif
    od
}
