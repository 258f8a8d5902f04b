// SPDX-License-Identifier: BSD-3-Clause
// What every benchmark file uses: registration, and a main goroutine around the State loop.
//
// A goroutine may be on another thread after any operation that parks, so a thread's CPU clock, which Google Benchmark
// takes by default to decide on the number of iterations, says nothing here: add() asks for real time and for the
// CPU time of the process.
#pragma once

#include <benchmark/benchmark.h>

#include <exception>
#include <utility>

#include <gangway/runtime.hpp>

namespace bench {

// Registers a benchmark. Its name in reports and filters is `name` and nothing more (main.cpp).
benchmark::internal::Benchmark* add(const char* name, void (*fn)(benchmark::State&));
// One that says itself how long each iteration took (SetIterationTime).
benchmark::internal::Benchmark* add_timed_by_itself(const char* name, void (*fn)(benchmark::State&));

// One function a file, called by main in the order that the reports have. Memory is at the start: what others leave in
// the caches would be taken for memory that a parked goroutine does not need. Before it only the stops of the world,
// whose time grows with the stacks that the process has ever had; last, for the same reason, the million of stacks.
void add_stops();
void add_memory();
void add_calls();
void add_dynamic_calls();
void add_callbacks();
void add_switching();
void add_channels();
void add_selects();
void add_locks();
void add_locked();
void add_pinned();
void add_blocking();
void add_timers();
void add_sockets();
void add_floors();
void add_memory_of_many();

// A wrong result makes the run of gangway_bench fail: a fast wrong answer is no measurement.
inline void expect(benchmark::State& state, bool right, const char* what_is_wrong) {
    if (!right) state.SkipWithError(what_is_wrong);
}

// Runs body as the main goroutine with `ps` ps; body holds the State loop.
template <class F>
void in_goroutine(benchmark::State& state, int ps, F&& body) {
    try {
        gangway::run(gangway::options{.maxprocs = ps}, std::forward<F>(body));
    } catch (const std::exception& e) {
        state.SkipWithError(e.what());
    }
}

// How many operations this run of the benchmark is to make, for a benchmark whose operations several goroutines
// share: `while (state.KeepRunningBatch(operations(state)))` is entered once.
inline benchmark::IterationCount operations(const benchmark::State& state) {
    return state.max_iterations;
}

}  // namespace bench
