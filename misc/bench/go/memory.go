// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
)

// A line of a file of /proc: kibibytes, in bytes.
func bytesIn(path, format string) float64 {
	f, err := os.Open(path)
	if err != nil {
		fail(err.Error())
	}
	defer f.Close()
	label := format[:strings.Index(format, ":")+1]
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), label) {
			var kb float64
			fmt.Sscanf(lines.Text(), format, &kb)
			return 1024 * kb
		}
	}
	fail("no " + label + " in " + path)
	return 0
}

func residentBytes() float64 { return bytesIn("/proc/self/status", "VmRSS: %f kB") }

// Once a process: a second round would find the first one's stacks. A machine that has not the memory gets none.
func rssPerGoroutine(name string, goroutines int, needed float64) func(n int) {
	return func(int) {
		if counters[name] != nil || bytesIn("/proc/meminfo", "MemAvailable: %f kB") < needed {
			return
		}
		before := residentBytes()
		gate := make(chan int)
		arrived := 0
		var all sync.WaitGroup
		all.Add(goroutines)
		took := stopwatch{}
		took.start()
		for i := 0; i < goroutines; i++ {
			go func() {
				arrived++
				<-gate
				all.Done()
			}()
		}
		for arrived < goroutines {
			runtime.Gosched()
		}
		runtime.Gosched()
		parked := residentBytes()
		close(gate)
		all.Wait()
		took.stop()
		counters[name] = took.perOperation(goroutines)
		counters[name]["bytes"] = (parked - before) / float64(goroutines)
	}
}

func addMemory() {
	add("rss_per_goroutine_100k", 1, rssPerGoroutine("rss_per_goroutine_100k", 100000, 0))
	add("rss_per_goroutine_1m", 1, rssPerGoroutine("rss_per_goroutine_1m", 1000000, 8e9))
}
