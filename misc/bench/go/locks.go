// SPDX-License-Identifier: BSD-3-Clause

package main

import "sync"

func mutexUncontended(n int) {
	var mu sync.Mutex
	count := 0
	for i := 0; i < n; i++ {
		mu.Lock()
		count++
		mu.Unlock()
	}
	if count != n {
		fail("the pairs do not add up")
	}
}

func mutexContended8(n int) {
	const goroutines = 8
	var mu sync.Mutex
	var all sync.WaitGroup
	count := 0
	all.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		share := n*(i+1)/goroutines - n*i/goroutines
		go func() {
			for k := 0; k < share; k++ {
				mu.Lock()
				count++
				mu.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
	if count != n {
		fail("the pairs do not add up")
	}
}

func addLocks() {
	add("mutex_uncontended", 1, mutexUncontended)
	add("mutex_contended8", 2, mutexContended8)
}
