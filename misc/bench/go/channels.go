// SPDX-License-Identifier: BSD-3-Clause

package main

import "runtime"

func echoRoundTrips(n int, atStart func()) {
	there, back := make(chan int64), make(chan int64)
	over := make(chan struct{})
	go func() {
		atStart()
		for v := range there {
			back <- v + 1
		}
		close(over)
	}()
	v := int64(0)
	for i := 0; i < n; i++ {
		there <- v
		v = <-back
	}
	close(there)
	<-over
	if v != int64(n) {
		fail("the round trips do not add up")
	}
}

func chanBuffered(n int) {
	slots := make(chan int64, 128)
	go func() {
		for i := 0; i < n; i++ {
			slots <- int64(i)
		}
	}()
	sum := int64(0)
	for i := 0; i < n; i++ {
		sum += <-slots
	}
	if sum != int64(n)*int64(n-1)/2 {
		fail("the items do not add up")
	}
}

// A goroutine of its own: it ends locked and so takes its thread with it, not main's.
func lockedBoth(n int) {
	over := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		echoRoundTrips(n, runtime.LockOSThread)
		close(over)
	}()
	<-over
}

func addChannels() {
	add("chan_pingpong", 1, func(n int) { echoRoundTrips(n, func() {}) })
	add("chan_pingpong_cross", 2, func(n int) { echoRoundTrips(n, func() {}) })
	add("chan_buffered", 1, chanBuffered)
	add("locked_pingpong", 2, func(n int) { echoRoundTrips(n, runtime.LockOSThread) })
	add("locked_pingpong_both", 2, lockedBoth)
}
