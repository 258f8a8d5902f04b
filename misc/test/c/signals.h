// SPDX-License-Identifier: BSD-3-Clause
// A C library with signal handlers of its own.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Handles `signal`, with SA_ONSTACK or not, and counts how often. The handler uses some KB of whatever stack it is on,
// makes system calls that fail, and aborts where its frame is not aligned.
void signals_count(int signal, int on_alternate_stack);
int signals_counted(void);
void signals_default(int signal);

// A timer that raises its signal every so many us: ITIMER_PROF's SIGPROF, ITIMER_REAL's SIGALRM. 0: no more.
void signals_every(int which, int us);

// A signal stack of C's own for the calling thread, and what was there before. Whether C's is still there; then the other
// is put back.
void signal_stack_replace(void);
int signal_stack_is_replaced(void);
int signal_handled_there(int signal);
void signal_stack_put_back(void);

// A child's view: hexadecimal, as /proc/self/status tells, into `to`. Forks and runs grep.
int blocked_and_ignored_in_child(char* to, int size);

// Pages that a fork has to copy the tables of. Null: none.
void* touched_memory(unsigned long size);
void free_touched_memory(void* at, unsigned long size);

#ifdef __cplusplus
}
#endif
