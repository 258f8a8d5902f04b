// SPDX-License-Identifier: BSD-3-Clause
// How late a ticker's ticks are received. The time of such a benchmark is the period; its counters are what counts: in us,
// of a hundred ticks the latest but one, and the average.
#pragma once

#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>
#include <gangway/time.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <vector>

#include "misc/bench/bench.hpp"

namespace bench {

class lateness {
public:
    explicit lateness(benchmark::State& state) : state_(state) {}

    // One iteration of the benchmark is one tick received. Ticks that nobody could be given are not made up for: what
    // was due first since the one before is what the next is measured against.
    void measure() {
        using clock_type = std::chrono::steady_clock;
        constexpr auto period = std::chrono::milliseconds(1);
        auto due = clock_type::now() + period;
        gangway::ticker t(period);
        auto ticks = t.channel();
        for (auto _ : state_) {
            const auto fired = *ticks.recv();
            us_.push_back(std::chrono::duration<double, std::micro>(clock_type::now() - due).count());
            while (due <= fired) due += period;
        }
    }

    void report() {
        if (us_.empty()) return;
        std::sort(us_.begin(), us_.end());
        state_.counters["p99_us"] = us_[(us_.size() * 99 + 99) / 100 - 1];
        state_.counters["mean_us"] =
            std::accumulate(us_.begin(), us_.end(), 0.0) / static_cast<double>(us_.size());
    }

private:
    benchmark::State& state_;
    std::vector<double> us_;
};

// On that many ps, ticks beside so many goroutines that do keep_busy(done) until done.
template <class F>
void tick_lateness_beside(benchmark::State& state, int ps, int goroutines, F keep_busy) {
    lateness late(state);
    in_goroutine(state, ps, [&] {
        std::atomic<bool> done{false};
        gangway::wait_group all;
        for (int i = 0; i < goroutines; ++i) all.go([&] { keep_busy(done); });
        late.measure();
        done = true;
        all.wait();
    });
    late.report();
}

}  // namespace bench
