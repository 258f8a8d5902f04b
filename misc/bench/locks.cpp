// SPDX-License-Identifier: BSD-3-Clause
// gangway::mutex; one operation is a lock and its unlock.
#include <gangway/sync.hpp>

#include <cstdint>
#include <mutex>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

void mutex_uncontended(State& state) {
    bench::in_goroutine(state, 1, [&] {
        gangway::mutex mu;
        std::int64_t n = 0;
        for (auto _ : state) {
            std::lock_guard hold(mu);
            benchmark::DoNotOptimize(++n);
        }
        bench::expect(state, n == state.iterations(), "the pairs do not add up");
    });
}

// Two ps: on one p, nobody would ever find the mutex locked.
void mutex_contended8(State& state) {
    constexpr int goroutines = 8;
    bench::in_goroutine(state, 2, [&] {
        const std::int64_t pairs = bench::operations(state);
        gangway::mutex mu;
        std::int64_t n = 0;
        while (state.KeepRunningBatch(pairs)) {
            gangway::wait_group all;
            for (int i = 0; i < goroutines; ++i) {
                const std::int64_t share = pairs * (i + 1) / goroutines - pairs * i / goroutines;
                all.go([&mu, &n, share] {
                    for (std::int64_t k = 0; k < share; ++k) {
                        std::lock_guard hold(mu);
                        benchmark::DoNotOptimize(++n);
                    }
                });
            }
            all.wait();
        }
        bench::expect(state, n == pairs, "the pairs do not add up");
    });
}

}  // namespace

void bench::add_locks() {
    add("mutex_uncontended", &mutex_uncontended);
    add("mutex_contended8", &mutex_contended8);
}
