// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"syscall"
	"time"
)

// Wall time, and CPU time of the process, of what lies between start and stop.
type stopwatch struct {
	wall, cpu time.Duration
	since     time.Time
	sinceCPU  time.Duration
}

func (s *stopwatch) start() { s.since, s.sinceCPU = time.Now(), processCPU() }
func (s *stopwatch) stop() {
	s.wall += time.Since(s.since)
	s.cpu += processCPU() - s.sinceCPU
}

// For a benchmark that is to report something else than its whole round.
func (s *stopwatch) perOperation(n int) map[string]float64 {
	return map[string]float64{
		"ns":     float64(s.wall.Nanoseconds()) / float64(n),
		"cpu_ns": float64(s.cpu.Nanoseconds()) / float64(n),
	}
}

func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
