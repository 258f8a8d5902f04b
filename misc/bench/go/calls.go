// SPDX-License-Identifier: BSD-3-Clause

package main

/*
#include <stdlib.h>
#include "../c/bench_c.h"

extern int goAddOne(int);
extern int goAddOneData(int, void*);
extern int goCompare(void*, void*);

static long call_back(int n) { return bench_call_back(goAddOne, n); }
static long threads_call_back(int threads, int n, long* ns) {
	return bench_threads_call_back(goAddOneData, NULL, threads, n, ns);
}

typedef int (*comparator)(const void*, const void*);
static void sort_go(void* base, size_t n) { qsort(base, n, sizeof(int), (comparator)goCompare); }
static void sort_c(void* base, size_t n) { qsort(base, n, sizeof(int), bench_compare); }
static long compares(void* base, size_t n) {
	bench_compares = 0;
	qsort(base, n, sizeof(int), bench_compare_counting);
	return bench_compares;
}
*/
import "C"

import (
	"sort"
	"unsafe"
)

//export goAddOne
func goAddOne(n C.int) C.int { return n + 1 }

//export goAddOneData
func goAddOneData(n C.int, _ unsafe.Pointer) C.int { return n + 1 }

//export goCompare
func goCompare(a, b unsafe.Pointer) C.int {
	x, y := *(*C.int)(a), *(*C.int)(b)
	if x < y {
		return -1
	}
	if x > y {
		return 1
	}
	return 0
}

func chainOfCalls(n int) {
	sum := C.int(0)
	for i := 0; i < n; i++ {
		sum = C.bench_add(sum, 1)
	}
	if int(sum) != n {
		fail("the calls do not add up")
	}
}

func callErrno(n int) {
	sum := C.int(0)
	for i := 0; i < n; i++ {
		sum, _ = C.bench_add(sum, 1)
	}
	if int(sum) != n {
		fail("the calls do not add up")
	}
}

func callback(n int) {
	const batch = 1000
	for ; n > 0; n -= batch {
		k := batch
		if n < k {
			k = n
		}
		if int(C.call_back(C.int(k))) != k*(k+1)/2 {
			fail("the callbacks do not add up")
		}
	}
}

func callWithCallback(n int) {
	sum := 0
	for i := 0; i < n; i++ {
		sum += int(C.call_back(1))
	}
	if sum != n {
		fail("the callbacks do not add up")
	}
}

// Threads of C's own call in, perThread times each.
func foreignThreads(name string, threads, perThread int) func(n int) {
	return func(n int) {
		took, done := 0, 0
		for ; done < n; done += threads * perThread {
			var ns C.long
			sum := int(C.threads_call_back(C.int(threads), C.int(perThread), &ns))
			if sum != threads*perThread*(perThread+1)/2 {
				fail("the callbacks do not add up")
			}
			took += int(ns)
		}
		each := float64(took) / float64(done)
		counters[name] = map[string]float64{"ns": each, "cpu_ns": each}
	}
}

// The numbers that gangway_bench sorts.
func shuffledNumbers() []C.int {
	v := make([]C.int, 1000000)
	x := uint32(2463534242)
	for i := range v {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		v[i] = C.int(x >> 1)
	}
	return v
}

// One operation is one comparison. As many whole sorts as make n of them.
func sortNumbers(name string, run func(p unsafe.Pointer, n C.size_t)) func(n int) {
	return func(n int) {
		shuffled := shuffledNumbers()
		p := C.malloc(C.size_t(len(shuffled)) * C.sizeof_int)
		defer C.free(p)
		numbers := unsafe.Slice((*C.int)(p), len(shuffled))
		copy(numbers, shuffled)
		compares := int(C.compares(p, C.size_t(len(numbers))))
		took := stopwatch{}
		for done := 0; done < n; done += compares {
			copy(numbers, shuffled)
			took.start()
			run(p, C.size_t(len(numbers)))
			took.stop()
			if !sort.SliceIsSorted(numbers, func(i, j int) bool { return numbers[i] < numbers[j] }) {
				fail("not sorted")
			}
			counters[name] = took.perOperation(done + compares)
		}
	}
}

func addCalls() {
	add("call", 1, chainOfCalls)
	add("call_errno", 1, callErrno)
	add("callback", 1, callback)
	add("call_with_callback", 1, callWithCallback)
	add("foreign_thread_callback", 1, foreignThreads("foreign_thread_callback", 1, 100000))
	add("foreign_thread_first_callback", 1, foreignThreads("foreign_thread_first_callback", 100, 1))
	add("qsort_1e6", 1, sortNumbers("qsort_1e6", func(p unsafe.Pointer, n C.size_t) { C.sort_go(p, n) }))
	add("qsort_1e6_c", 1, sortNumbers("qsort_1e6_c", func(p unsafe.Pointer, n C.size_t) { C.sort_c(p, n) }))
}
