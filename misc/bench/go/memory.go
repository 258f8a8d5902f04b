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

func residentBytes() float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		fail(err.Error())
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "VmRSS:") {
			var kb float64
			fmt.Sscanf(lines.Text(), "VmRSS: %f kB", &kb)
			return 1024 * kb
		}
	}
	fail("no VmRSS")
	return 0
}

// Once a process: a second round would find the first one's stacks.
func rssPerGoroutine(int) {
	const name, goroutines = "rss_per_goroutine_100k", 100000
	if counters[name] != nil {
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
	counters[name]["bytes"] = (parked - before) / goroutines
}

func addMemory() {
	add("rss_per_goroutine_100k", 1, rssPerGoroutine)
}
