// SPDX-License-Identifier: BSD-3-Clause
// What every file of gangway_bench uses: a main goroutine around the State loop.
#pragma once

#include <chrono>
#include <exception>
#include <utility>

#include <gangway/runtime.hpp>

#include "misc/bench/run_benchmarks.hpp"

namespace bench {

// Runs body as the main goroutine with `ps` ps; body holds the State loop.
template <class F>
void in_goroutine(benchmark::State& state, int ps, F&& body) {
    try {
        gangway::run(gangway::options{.maxprocs = ps}, std::forward<F>(body));
    } catch (const std::exception& e) {
        state.SkipWithError(e.what());
    }
}

// One iteration of a benchmark that is timed by itself: 100 us after the last one, with the caller's CPU busy meanwhile.
template <class F>
void timed_after_a_while(benchmark::State& state, F&& operation) {
    using clock = std::chrono::steady_clock;
    const auto from = clock::now() + std::chrono::microseconds(100);
    while (clock::now() < from) continue;
    const auto begin = clock::now();
    operation();
    state.SetIterationTime(std::chrono::duration<double>(clock::now() - begin).count());
}

}  // namespace bench
