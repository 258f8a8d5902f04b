// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"runtime"
	"sync"
)

// What the goroutines share needs no atomics: there is one p, and a goroutine that is preempted between two of these
// statements loses no more than one yield of the count. Not inlined, for gangway_bench's reason.
//
//go:noinline
func yieldOn(left *int) {
	for *left > 0 {
		*left--
		runtime.Gosched()
	}
}

func shareYields(goroutines int) func(n int) {
	return func(n int) {
		left := n
		var peers sync.WaitGroup
		peers.Add(goroutines - 1)
		for i := 1; i < goroutines; i++ {
			go func() {
				yieldOn(&left)
				peers.Done()
			}()
		}
		yieldOn(&left)
		peers.Wait()
	}
}

func spawnJoin(n int) {
	ran := 0
	for n > 0 {
		k := 1000
		if n < k {
			k = n
		}
		var all sync.WaitGroup
		all.Add(k)
		for i := 0; i < k; i++ {
			go func() {
				ran++
				all.Done()
			}()
		}
		all.Wait()
		n -= k
	}
}

func addSwitching() {
	add("switch_gosched", 1, shareYields(2))
	add("switch_gosched_1000", 1, shareYields(1000))
	add("spawn_join", 1, spawnJoin)
}
