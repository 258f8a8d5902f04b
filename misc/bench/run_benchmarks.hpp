// SPDX-License-Identifier: BSD-3-Clause
// What the programs of this folder have in common: registration, and a main that runs what was registered. None of it
// touches Gangway.
//
// A goroutine may be on another thread after any operation that parks, so a thread's CPU clock, which Google Benchmark
// takes by default to decide on the number of iterations, says nothing here: add() asks for real time and for the
// CPU time of the process.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

namespace bench {

// Registers a benchmark. Its name in reports and filters is `name` and nothing more (run_benchmarks.cpp).
benchmark::internal::Benchmark* add(const std::string& name, std::function<void(benchmark::State&)> fn);
// One that says itself how long each iteration took (SetIterationTime).
benchmark::internal::Benchmark* add_timed_by_itself(const std::string& name,
                                                    std::function<void(benchmark::State&)> fn);

// A program's main. One benchmark an operation, times in ns an operation. 1 when a benchmark reports an error, or when
// the filter lets none through.
int run_benchmarks(int argc, char** argv, void (*add_all)());

// A wrong result makes the run fail: a fast wrong answer is no measurement.
inline void expect(benchmark::State& state, bool right, const char* what_is_wrong) {
    if (!right) state.SkipWithError(what_is_wrong);
}

// How many operations this run of the benchmark is to make, for a benchmark whose operations several goroutines
// share: `while (state.KeepRunningBatch(operations(state)))` is entered once.
inline benchmark::IterationCount operations(const benchmark::State& state) {
    return state.max_iterations;
}

}  // namespace bench
