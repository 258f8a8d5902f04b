// SPDX-License-Identifier: BSD-3-Clause
// Timers: what it costs to set them, and how late they are. The time of a tick_lateness benchmark is the period; its
// counters are what counts: how late a tick is received, in us, of a hundred ticks the latest but one, and on average.
#include <gangway/call.hpp>
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
#include "misc/bench/c/bench_c.h"
#include "misc/bench/preemptible/spin.hpp"

namespace {

using namespace std::chrono_literals;
using benchmark::State;
using clock_type = std::chrono::steady_clock;

constexpr int ps = 2;

// Between one and two hours: none fires here. Without an order, so that each start has its own way up the heap.
class random_delays {
public:
    std::chrono::nanoseconds next() {
        x_ ^= x_ << 13;
        x_ ^= x_ >> 7;
        x_ ^= x_ << 17;
        return 1h + std::chrono::nanoseconds(x_ % 3'600'000'000'000U);
    }

private:
    std::uint64_t x_ = 88172645463325252U;
};

void timer_churn(State& state) {
    constexpr int others = 100'000;
    bench::in_goroutine(state, 1, [&] {
        random_delays delays;
        std::vector<gangway::timer> pending;
        pending.reserve(others);
        for (int i = 0; i < others; ++i) pending.emplace_back(delays.next(), [] {});
        gangway::timer t(delays.next(), [] {});
        t.stop();
        std::int64_t stopped = 0;
        for (auto _ : state) {
            t.reset(delays.next());
            stopped += t.stop() ? 1 : 0;
        }
        bench::expect(state, stopped == state.iterations(), "a timer was not pending");
    });
}

void sleep_100us(State& state) {
    bench::in_goroutine(state, ps, [&] {
        for (auto _ : state) gangway::sleep_for(100us);
    });
}

class lateness {
public:
    explicit lateness(State& state) : state_(state) {}

    // One iteration of the benchmark is one tick received. Ticks that nobody could be given are not made up for: what
    // was due first since the one before is what the next is measured against.
    void measure() {
        constexpr auto period = 1ms;
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
    State& state_;
    std::vector<double> us_;
};

// Ticks beside so many goroutines that do keep_busy(done) until done.
template <class F>
void tick_lateness_beside(State& state, int goroutines, F keep_busy) {
    lateness late(state);
    bench::in_goroutine(state, ps, [&] {
        std::atomic<bool> done{false};
        gangway::wait_group all;
        for (int i = 0; i < goroutines; ++i) all.go([&] { keep_busy(done); });
        late.measure();
        done = true;
        all.wait();
    });
    late.report();
}

void tick_lateness_idle(State& state) {
    tick_lateness_beside(state, 0, [](std::atomic<bool>&) {});
}

// Every p is entered into C again and again, for 100 ms each time.
void tick_lateness_blocking(State& state) {
    tick_lateness_beside(state, 2 * ps, [](std::atomic<bool>& done) {
        while (!done) gangway::call<&bench_sleep_us>(100'000U);
    });
}

void tick_lateness_spinning(State& state) {
    tick_lateness_beside(state, ps, &bench::spin_until);
}

}  // namespace

void bench::add_timers() {
    add("timer_churn", &timer_churn);
    add("sleep_100us", &sleep_100us)->Unit(benchmark::kMicrosecond);
    // So many that the latest of a hundred is not one event alone.
    add("tick_lateness_idle", &tick_lateness_idle)->Unit(benchmark::kMicrosecond)->Iterations(1000);
    add("tick_lateness_blocking", &tick_lateness_blocking)->Unit(benchmark::kMicrosecond)->Iterations(1000);
    add("tick_lateness_spinning", &tick_lateness_spinning)->Unit(benchmark::kMicrosecond)->Iterations(300);
}
