// SPDX-License-Identifier: BSD-3-Clause
// Stopping the world, with no goroutine that would have to be waited for: those that there are, are parked.
#include <gangway/chan.hpp>
#include <gangway/debug.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdint>
#include <string>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

void stw_memstats(State& state, int ps) {
    constexpr int goroutines = 1000;
    bench::in_goroutine(state, ps, [&] {
        gangway::chan<int> gate;
        gangway::wait_group all;
        for (int i = 0; i < goroutines; ++i) all.go([&] { gate.recv(); });
        while (gangway::read_mem_stats().goroutines_waiting < goroutines) gangway::gosched();
        bool right = true;
        for (auto _ : state) right &= gangway::read_mem_stats().goroutines >= goroutines;
        gate.close();
        all.wait();
        bench::expect(state, right, "goroutines are missing");
    });
}

// One operation is one change: to one p, or back to two.
void stw_gomaxprocs(State& state) {
    bench::in_goroutine(state, 2, [&] {
        bool right = true;
        while (state.KeepRunningBatch(2)) {
            right &= gangway::gomaxprocs(1) == 2;
            right &= gangway::gomaxprocs(2) == 1;
        }
        bench::expect(state, right, "gomaxprocs gave another number than was set");
    });
}

}  // namespace

void bench::add_stops() {
    for (int ps : {1, 2}) add("stw_memstats/" + std::to_string(ps), [ps](State& s) { stw_memstats(s, ps); });
    add("stw_gomaxprocs", &stw_gomaxprocs);
}
