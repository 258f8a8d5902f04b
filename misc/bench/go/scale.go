// SPDX-License-Identifier: BSD-3-Clause

package main

/*
#include "../c/bench_c.h"

extern int goAddOneData(int, void*);
extern int goDown(int, void*);

static long threads_call_back_at_once(int threads, int n, long* ns) {
	return bench_threads_call_back_at_once(goAddOneData, NULL, threads, n, ns);
}
static int call_down(int depth) { return bench_call_once(goDown, depth, NULL); }
*/
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The curves of gangway_scale; its comments say what each is.

func shareCalls(name string, goroutines int, atStart func()) func(n int) {
	return func(int) {
		const n = 5000000 // so many that making the threads is not what is measured
		if counters[name] != nil {
			return
		}
		took := stopwatch{}
		took.start()
		var sum int64
		var callers sync.WaitGroup
		callers.Add(goroutines)
		for i := 0; i < goroutines; i++ {
			share := C.int(n*(i+1)/goroutines - n*i/goroutines)
			go func() {
				atStart()
				k := C.int(0)
				for k < share {
					k = C.bench_add(k, 1)
				}
				atomic.AddInt64(&sum, int64(k))
				callers.Done()
			}()
		}
		callers.Wait()
		took.stop()
		counters[name] = took.perOperation(n)
		if sum != int64(n) {
			fail("the calls do not add up")
		}
	}
}

func foreignThreadsAtOnce(name string, threads int) func(n int) {
	return func(n int) {
		each := 1000000 / threads
		took, done := 0, 0
		for ; done < n; done += threads * each {
			var ns C.long
			sum := int(C.threads_call_back_at_once(C.int(threads), C.int(each), &ns))
			if sum != threads*each*(each+1)/2 {
				fail("the callbacks do not add up")
			}
			took += int(ns)
		}
		counters[name] = map[string]float64{"ns": float64(took) / float64(done)}
	}
}

//export goDown
func goDown(depth C.int, _ unsafe.Pointer) C.int {
	if depth == 0 {
		return 0
	}
	return C.call_down(depth - 1)
}

func nested(name string, depth int) func(n int) {
	return func(n int) {
		took := stopwatch{}
		took.start()
		done := 0
		for ; done < n; done += depth {
			if int(goDown(C.int(depth), nil)) != depth {
				fail("the levels do not add up")
			}
		}
		took.stop()
		counters[name] = took.perOperation(done)
	}
}

func sleepInC(done *int32) {
	for atomic.LoadInt32(done) == 0 {
		C.bench_sleep_us(100000)
	}
}

func addCurve(family string, points []int, add func(name string, n int)) {
	for _, n := range points {
		add(fmt.Sprintf("scale_%s/%d", family, n), n)
	}
}

func addScale() {
	addCurve("calls_ps", []int{1, 2, 4, 8}, func(name string, n int) {
		add(name, n, shareCalls(name, n, func() {}))
	})
	addCurve("calls_threads", []int{1, 2, 4, 8, 16, 64}, func(name string, n int) {
		add(name, 2, shareCalls(name, n, runtime.LockOSThread))
	})
	addCurve("switch", []int{100, 1000, 10000, 100000, 1000000}, func(name string, n int) {
		add(name, 1, sharedYields(name, n))
	})
	addCurve("memory", []int{100, 1000, 10000}, func(name string, n int) {
		add(name, 1, rssPerGoroutine(name, n, 8e3*float64(n)))
	})
	addCurve("lateness", []int{0, 1, 10, 100, 1000}, func(name string, n int) {
		add(name, 2, tickLateness(name, 500, n, sleepInC))
	})
	addCurve("foreign_threads", []int{1, 2, 4, 16, 64, 256}, func(name string, n int) {
		add(name, 2, foreignThreadsAtOnce(name, n))
	})
	addCurve("nested", []int{1, 2, 5, 10, 20, 50, 100}, func(name string, n int) {
		add(name, 1, nested(name, n))
	})
}

// The making of the goroutines is not measured, and the yields are as many as gangway_scale makes, in one round.
func sharedYields(name string, goroutines int) func(n int) {
	return func(int) {
		if counters[name] != nil {
			return
		}
		n := 2000000
		if 4*goroutines > n {
			n = 4 * goroutines
		}
		left, arrived := n, 1
		gate := make(chan struct{})
		var peers sync.WaitGroup
		peers.Add(goroutines - 1)
		for i := 1; i < goroutines; i++ {
			go func() {
				arrived++
				<-gate
				yieldOn(&left)
				peers.Done()
			}()
		}
		for arrived < goroutines {
			runtime.Gosched()
		}
		took := stopwatch{}
		took.start()
		close(gate)
		yieldOn(&left)
		took.stop()
		counters[name] = took.perOperation(n)
		peers.Wait()
	}
}
