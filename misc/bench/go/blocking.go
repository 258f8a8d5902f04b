// SPDX-License-Identifier: BSD-3-Clause

package main

// #include "../c/bench_c.h"
import "C"

import (
	"sync"
	"time"
)

func sleepInGoroutines() {
	const sleepers = 1000
	var all sync.WaitGroup
	all.Add(sleepers)
	for i := 0; i < sleepers; i++ {
		go func() {
			C.bench_sleep_us(100000)
			all.Done()
		}()
	}
	all.Wait()
}

// The first round of the process is reported apart: it makes the threads.
func blocking(n int) {
	const name = "blocking_1000x100ms"
	if counters[name] == nil {
		start := time.Now()
		sleepInGoroutines()
		counters[name] = map[string]float64{"cold_ms": float64(time.Since(start).Microseconds()) / 1000}
	}
	took := stopwatch{}
	took.start()
	for i := 0; i < n; i++ {
		sleepInGoroutines()
	}
	took.stop()
	counters[name]["ns"] = took.perOperation(n)["ns"]
}

func addBlocking() {
	add("blocking_1000x100ms", 2, blocking)
}
