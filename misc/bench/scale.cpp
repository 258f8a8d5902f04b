// SPDX-License-Identifier: BSD-3-Clause
// gangway_scale: how the cost of an operation grows with how many there are of what it is done among. Each point of a
// curve is a benchmark of its own, "scale_FAMILY/NUMBER", so that misc/bench/compare can give each a process of its own.
#include <gangway/call.hpp>
#include <gangway/callback.hpp>
#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/echo.hpp"
#include "misc/bench/lateness.hpp"
#include "misc/bench/resident.hpp"
#include "misc/bench/yields.hpp"

namespace {

using benchmark::State;

constexpr int two_ps = 2;

// That many goroutines share the calls. The time is that of all of them, divided by the number of calls.
template <class AtStart>
void share_calls(State& state, int ps, int goroutines, AtStart at_start) {
    bench::in_goroutine(state, ps, [&] {
        const std::int64_t all = bench::operations(state);
        std::atomic<std::int64_t> sum{0};
        while (state.KeepRunningBatch(all)) {
            gangway::wait_group callers;
            for (int i = 0; i < goroutines; ++i) {
                callers.go([&, share = all * (i + 1) / goroutines - all * i / goroutines] {
                    at_start();
                    int n = 0;
                    while (n < share) n = gangway::call<&bench_add>(n, 1);
                    sum += n;
                });
            }
            callers.wait();
        }
        bench::expect(state, sum == all, "the calls do not add up");
    });
}

// As many ps as goroutines.
void calls_of_ps(State& state, int n) {
    share_calls(state, n, n, [] {});
}

// Goroutines that are locked to threads of their own: as many threads, on two ps.
void calls_of_threads(State& state, int n) {
    share_calls(state, two_ps, n, [] { gangway::lock_os_thread(); });
}

void lateness(State& state, int goroutines) {
    bench::tick_lateness_beside(state, two_ps, goroutines, [](std::atomic<bool>& done) {
        while (!done) gangway::call<&bench_sleep_us>(100'000U);
    });
}

// Threads of C's own, all there at once, call in again and again. The time is that of all callbacks, divided by their
// number; a thread's first is among them.
void foreign_threads(State& state, int threads) {
    bench::in_goroutine(state, two_ps, [&] {
        const int each = 1'000'000 / threads;
        gangway::userdata_callback<int(int, void*), 1> cb([](int i) { return i + 1; });
        bool right = true;
        while (state.KeepRunningBatch(std::int64_t{threads} * each)) {
            long ns = 0;
            const long sum =
                gangway::blocking_call<&bench_threads_call_back_at_once>(cb.fn(), cb.data(), threads, each, &ns);
            right &= sum == long{threads} * each * (each + 1) / 2;
            state.SetIterationTime(static_cast<double>(ns) * 1e-9);
        }
        bench::expect(state, right, "the callbacks do not add up");
    });
}

// A call whose callback calls, and so on. One operation is one level: a call and the callback in it.
int go_down(int depth, void*) {
    return depth == 0 ? 0 : gangway::call<&bench_call_once>(gangway::exported<&go_down>, depth - 1, nullptr);
}

void nested(State& state, int depth) {
    bench::in_goroutine(state, 1, [&] {
        bool right = true;
        while (state.KeepRunningBatch(depth)) right &= go_down(depth, nullptr) == depth;
        bench::expect(state, right, "the levels do not add up");
    });
}

// body(), which holds the State loop, on one p beside that many goroutines that wait.
template <class F>
void beside_parked(State& state, int goroutines, F body) {
    bench::in_goroutine(state, 1, [&] {
        gangway::chan<int> gate;
        gangway::wait_group parked;
        int arrived = 0;
        for (int i = 0; i < goroutines; ++i) {
            parked.go([&] {
                ++arrived;
                gate.recv();
            });
        }
        while (arrived < goroutines) gangway::gosched();
        body();
        gate.close();
        parked.wait();
    });
}

void parked_call(State& state, int goroutines) {
    beside_parked(state, goroutines, [&] {
        std::int64_t n = 0;
        int result = 0;
        for (auto _ : state) {
            result = gangway::call<&bench_add>(result, 1);
            ++n;
        }
        bench::expect(state, result == n, "the calls do not add up");
    });
}

void parked_chan(State& state, int goroutines) {
    beside_parked(state, goroutines, [&] { bench::echo_round_trips(state, [] {}); });
}

void parked_spawn(State& state, int goroutines) {
    beside_parked(state, goroutines, [&] {
        constexpr int batch = 100;
        std::int64_t ran = 0;
        while (state.KeepRunningBatch(batch)) {
            gangway::wait_group all;
            for (int i = 0; i < batch; ++i) all.go([&] { ++ran; });
            all.wait();
        }
        bench::expect(state, ran == state.iterations(), "some did not run");
    });
}

std::string point(const char* family, int n) {
    return std::string("scale_") + family + "/" + std::to_string(n);
}

void add_points() {
    constexpr int calls = 10'000'000;  // so many that making the threads is not what is measured
    for (int n : {1, 2, 4, 8})
        bench::add(point("calls_ps", n), [n](State& s) { calls_of_ps(s, n); })->Iterations(calls);
    for (int n : {1, 2, 4, 8, 16, 64}) {
        bench::add(point("calls_threads", n), [n](State& s) { calls_of_threads(s, n); })->Iterations(calls);
    }
    for (int n : {100, 1'000, 10'000, 100'000, 1'000'000}) {
        // Some rounds at least, however many take part.
        bench::add(point("switch", n), [n](State& s) {
            bench::share_yields(s, n);
        })->Iterations(std::max(2'000'000, 4 * n));
    }
    // More of them are gangway_bench's: rss_per_goroutine_100k, _1m.
    for (int n : {100, 1'000, 10'000}) {
        bench::add(point("memory", n), [n](State& s) { bench::rss_per_goroutine(s, n); })->Iterations(1);
    }
    for (int n : {100, 1'000, 10'000, 100'000, 1'000'000}) {
        constexpr int operations = 2'000'000;
        bench::add(point("parked_call", n), [n](State& s) { parked_call(s, n); })->Iterations(operations);
        bench::add(point("parked_chan", n), [n](State& s) { parked_chan(s, n); })->Iterations(operations);
        bench::add(point("parked_spawn", n), [n](State& s) { parked_spawn(s, n); })->Iterations(operations);
    }
    for (int n : {0, 1, 10, 100, 1'000}) {
        bench::add(point("lateness", n), [n](State& s) { lateness(s, n); })
            ->Unit(benchmark::kMicrosecond)
            ->Iterations(500);
    }
    for (int n : {1, 2, 4, 16, 64, 256}) {
        bench::add_timed_by_itself(point("foreign_threads", n), [n](State& s) { foreign_threads(s, n); });
    }
    for (int n : {1, 2, 5, 10, 20, 50, 100}) bench::add(point("nested", n), [n](State& s) { nested(s, n); });
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_benchmarks(argc, argv, &add_points);
}
