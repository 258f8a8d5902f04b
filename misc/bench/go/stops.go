// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"runtime"
	"sync"
)

// The making of what is parked is not measured.
func stwMemStats(name string) func(n int) {
	return func(n int) {
		const goroutines = 1000
		gate := make(chan int)
		var arrived, all sync.WaitGroup
		arrived.Add(goroutines)
		all.Add(goroutines)
		for i := 0; i < goroutines; i++ {
			go func() {
				arrived.Done()
				<-gate
				all.Done()
			}()
		}
		arrived.Wait()
		var stats runtime.MemStats
		took := stopwatch{}
		took.start()
		for i := 0; i < n; i++ {
			runtime.ReadMemStats(&stats)
		}
		took.stop()
		counters[name] = took.perOperation(n)
		close(gate)
		all.Wait()
	}
}

func stwGomaxprocs(n int) {
	for i := 0; i < n; i += 2 {
		if runtime.GOMAXPROCS(1) != 2 || runtime.GOMAXPROCS(2) != 1 {
			fail("GOMAXPROCS gave another number than was set")
		}
	}
}

func addStops() {
	add("stw_memstats/1", 1, stwMemStats("stw_memstats/1"))
	add("stw_memstats/2", 2, stwMemStats("stw_memstats/2"))
	add("stw_gomaxprocs", 2, stwGomaxprocs)
}
