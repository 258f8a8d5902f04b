// SPDX-License-Identifier: BSD-3-Clause
// What every file of gangway_bench uses: a main goroutine around the State loop.
#pragma once

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

}  // namespace bench
