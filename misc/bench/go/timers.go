// SPDX-License-Identifier: BSD-3-Clause

package main

// #include "../c/bench_c.h"
import "C"

import (
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// The delays of gangway_bench: between one and two hours, in no order.
type randomDelays uint64

func (x *randomDelays) next() time.Duration {
	*x ^= *x << 13
	*x ^= *x >> 7
	*x ^= *x << 17
	return time.Hour + time.Duration(uint64(*x)%3600000000000)
}

// The making of the others is not measured.
func timerChurn(n int) {
	const name, others = "timer_churn", 100000
	delays := randomDelays(88172645463325252)
	pending := make([]*time.Timer, others)
	for i := range pending {
		pending[i] = time.AfterFunc(delays.next(), func() {})
	}
	t := time.AfterFunc(delays.next(), func() {})
	t.Stop()
	took := stopwatch{}
	took.start()
	for i := 0; i < n; i++ {
		t.Reset(delays.next())
		if !t.Stop() {
			fail("a timer was not pending")
		}
	}
	took.stop()
	counters[name] = took.perOperation(n)
	for _, p := range pending {
		p.Stop()
	}
}

func sleep100us(n int) {
	for i := 0; i < n; i++ {
		time.Sleep(100 * time.Microsecond)
	}
}

// Ticks that nobody could be given are not made up for, as in gangway_bench.
func measureLateness(ticks int) map[string]float64 {
	const period = time.Millisecond
	us := make([]float64, 0, ticks)
	due := time.Now().Add(period)
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	took := stopwatch{}
	took.start()
	for i := 0; i < ticks; i++ {
		fired := <-ticker.C
		us = append(us, float64(time.Since(due).Nanoseconds())/1000)
		for !due.After(fired) {
			due = due.Add(period)
		}
	}
	took.stop()
	result := took.perOperation(ticks)
	sort.Float64s(us)
	sum := 0.0
	for _, late := range us {
		sum += late
	}
	result["p99_us"] = us[(ticks*99+99)/100-1]
	result["mean_us"] = sum / float64(ticks)
	return result
}

// So many ticks, whatever n is, beside so many goroutines that do keepBusy until done is set. One round is enough.
func tickLateness(name string, ticks, goroutines int, keepBusy func(done *int32)) func(n int) {
	return func(int) {
		if counters[name] != nil {
			return
		}
		var done int32
		var all sync.WaitGroup
		all.Add(goroutines)
		for i := 0; i < goroutines; i++ {
			go func() {
				keepBusy(&done)
				all.Done()
			}()
		}
		counters[name] = measureLateness(ticks)
		atomic.StoreInt32(&done, 1)
		all.Wait()
	}
}

func blockInC(done *int32) {
	for atomic.LoadInt32(done) == 0 {
		C.bench_sleep_us(100000)
	}
}

func spin(done *int32) {
	for atomic.LoadInt32(done) == 0 {
	}
}

func addTimers() {
	const ps = 2
	add("timer_churn", 1, timerChurn)
	add("sleep_100us", ps, sleep100us)
	add("tick_lateness_idle", ps, tickLateness("tick_lateness_idle", 1000, 0, nil))
	add("tick_lateness_blocking", ps, tickLateness("tick_lateness_blocking", 1000, 2*ps, blockInC))
	add("tick_lateness_spinning", ps, tickLateness("tick_lateness_spinning", 300, ps, spin))
}
