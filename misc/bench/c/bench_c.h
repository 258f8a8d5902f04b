/* SPDX-License-Identifier: BSD-3-Clause
 * The foreign side of the benchmarks: plain C, in a library of its own so that no call of it is inlined. Both
 * gangway_bench and the Go program compile these files, so both call the same code. */
#ifndef BENCH_C_H
#define BENCH_C_H

#ifdef __cplusplus
extern "C" {
#endif

int bench_add(int a, int b);

/* Callbacks that stay in C: n + 1. */
int bench_add_one(int n);
int bench_add_one_data(int n, void* data);

/* Calls cb(0), cb(1), ... cb(n - 1) and gives the sum of what they returned. */
long bench_call_back(int (*cb)(int), int n);
/* The same with a data pointer, as most C libraries have it. */
long bench_call_back_data(int (*cb)(int, void*), void* data, int n);

/* That many threads of C's own, one after the other, each of which calls cb(0, data), ... cb(n - 1, data). Gives the sum of
 * what they returned; *ns gets what the calls took, without making the threads. */
long bench_threads_call_back(int (*cb)(int, void*), void* data, int threads, int n, long* ns);

/* The same with all threads there at once: they start together, and *ns is from then until the last has made its calls. 256 threads at
 * most; -1 when they cannot be made. */
long bench_threads_call_back_at_once(int (*cb)(int, void*), void* data, int threads, int n, long* ns);

/* cb(depth, data): a frame of C between two of the caller's. */
int bench_call_once(int (*cb)(int, void*), int depth, void* data);

/* Comparators for arrays of int. The counting one tells how many comparisons a sort makes. */
int bench_compare(const void* a, const void* b);
int bench_compare_counting(const void* a, const void* b);
extern long bench_compares;

/* One system call that does next to nothing and is never answered in user space. */
long bench_system_call(void);
/* Sleeps. */
int bench_sleep_us(unsigned us);

#ifdef __cplusplus
}
#endif
#endif
