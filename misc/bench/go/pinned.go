// SPDX-License-Identifier: BSD-3-Clause

package main

import "runtime"

// What Go programs write for a library that insists on a thread: a goroutine locked to it takes functions from a
// channel, and whoever sends one waits for the answer.
func pinnedRun(n int) {
	calls := make(chan func())
	over := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		for f := range calls {
			f()
		}
		close(over)
	}()
	ran := 0
	done := make(chan struct{})
	for i := 0; i < n; i++ {
		calls <- func() {
			ran++
			done <- struct{}{}
		}
		<-done
	}
	close(calls)
	<-over
	if ran != n {
		fail("not every function ran")
	}
}

func addPinned() {
	add("pinned_run", 2, pinnedRun)
	add("pinned_run_one_p", 1, pinnedRun)
}
