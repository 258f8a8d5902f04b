// SPDX-License-Identifier: BSD-3-Clause
// OpenMP: its threads call back.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// f(i, p) for each i below n, by a team of `threads` threads; the sum of what they return.
long openmp_for(int threads, int n, int (*f)(int, void*), void* p);
// f(thread, p) on each of a team's threads; how many these were.
int openmp_team(int threads, int (*f)(int, void*), void* p);
// The same, one thread at a time: f is called within a critical section of C's.
int openmp_critical(int threads, int (*f)(int, void*), void* p);

#ifdef __cplusplus
}
#endif
