// SPDX-License-Identifier: BSD-3-Clause
// C's own threads, which call back.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// n threads with stacks of that size (0: the usual) call f(p) `times` times each. Returns when all have ended.
void on_threads(int n, size_t stack_size, int times, void (*f)(void*), void* p);
// A thread that calls f(p) from the destructor of a key of its own: again and again, as often as the system lets it.
// How often that was.
int in_key_destructors(void (*f)(void*), void* p);
// A thread that calls f(p), then ends by pthread_exit; one that is cancelled in C after it.
void ended_by_pthread_exit(void (*f)(void*), void* p);
void ended_by_cancel(void (*f)(void*), void* p);
// A thread with SIGUSR1 blocked and a signal stack of its own calls f(p); whether both are as they were.
int keeps_mask_and_signal_stack(void (*f)(void*), void* p);
// What f(p) returned on a thread of its own.
int result_on_a_thread(int (*f)(void*), void* p);
// f(p) by a thread on two ucontext stacks by turns, of which the first call returns last.
void on_switched_stacks(void (*f)(void*, void (*switch_to_other)(void)), void* p);
// How many system calls the calling thread makes while it calls f(p) n times; -1: this kernel cannot tell.
int system_calls_during(void (*f)(void*), void* p, int n);

#ifdef __cplusplus
}
#endif
