// SPDX-License-Identifier: BSD-3-Clause

// The operations of gangway_bench that Go has too, under the same names, for misc/bench/compare. Prints a JSON object
// a line: name, and ns an operation, of wall time and of CPU time.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"time"
)

// A bench makes n operations on the given number of ps.
type bench struct {
	name  string
	procs int
	run   func(n int)
}

var benches []bench

func add(name string, procs int, run func(n int)) {
	benches = append(benches, bench{name, procs, run})
}

func fail(what string) {
	fmt.Fprintln(os.Stderr, "go bench:", what)
	os.Exit(1)
}

// As Google Benchmark does it: more operations until they take minTime; the last, longest round counts.
func measure(b bench, minTime time.Duration) map[string]float64 {
	runtime.GOMAXPROCS(b.procs)
	for n := 1; ; {
		runtime.GC()
		took := stopwatch{}
		took.start()
		b.run(n)
		took.stop()
		if took.wall >= minTime || n >= 1e9 {
			return took.perOperation(n)
		}
		more := 1.4 * float64(minTime) / (float64(took.wall) + 1)
		if more > 10 {
			more = 10
		}
		n = int(float64(n)*more) + 1
	}
}

func main() {
	filter := flag.String("filter", "", "regular expression over the names")
	minTime := flag.Duration("min_time", 500*time.Millisecond, "length of the round that counts")
	list := flag.Bool("list", false, "print the names and end")
	flag.Parse()
	wanted := regexp.MustCompile(*filter)
	addMemory()
	addCalls()
	addSwitching()
	addChannels()
	addPinned()
	addSelects()
	addLocks()
	addBlocking()
	addTimers()
	addSockets()
	addStops()
	addScale()

	out := json.NewEncoder(os.Stdout)
	ran := 0
	for _, b := range benches {
		if !wanted.MatchString(b.name) {
			continue
		}
		ran++
		if *list {
			fmt.Println(b.name)
			continue
		}
		result := map[string]interface{}{"name": b.name}
		for k, v := range measure(b, *minTime) {
			result[k] = v
		}
		for k, v := range counters[b.name] {
			result[k] = v
		}
		if err := out.Encode(result); err != nil {
			fail(err.Error())
		}
	}
	if ran == 0 {
		fail("no benchmark matches " + *filter)
	}
}

// What a benchmark reports beside its time, or in its place.
var counters = map[string]map[string]float64{}
