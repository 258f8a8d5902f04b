// SPDX-License-Identifier: BSD-3-Clause
// Timers: what it costs to set them, and how late they are.
#include <gangway/call.hpp>
#include <gangway/runtime.hpp>
#include <gangway/time.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"
#include "misc/bench/lateness.hpp"
#include "misc/bench/preemptible/spin.hpp"

namespace {

using namespace std::chrono_literals;
using benchmark::State;

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

constexpr int others = 100'000;

void timer_churn(State& state) {
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

// What one would write by hand, without a lock and with nobody to fire them: an ordered set.
void floor_timer_churn(State& state) {
    using clock = std::chrono::steady_clock;
    random_delays delays;
    std::multiset<clock::time_point> pending;
    for (int i = 0; i < others; ++i) pending.insert(clock::now() + delays.next());
    for (auto _ : state) pending.erase(pending.insert(clock::now() + delays.next()));
    bench::expect(state, pending.size() == others, "not what was started is pending");
}

void sleep_100us(State& state) {
    bench::in_goroutine(state, ps, [&] {
        for (auto _ : state) gangway::sleep_for(100us);
    });
}

void tick_lateness_idle(State& state) {
    bench::tick_lateness_beside(state, ps, 0, [](std::atomic<bool>&) {});
}

// Every p is entered into C again and again, for 100 ms each time.
void tick_lateness_blocking(State& state) {
    bench::tick_lateness_beside(state, ps, 2 * ps, [](std::atomic<bool>& done) {
        while (!done) gangway::call<&bench_sleep_us>(100'000U);
    });
}

void tick_lateness_spinning(State& state) {
    bench::tick_lateness_beside(state, ps, ps, &bench::spin_until);
}

}  // namespace

void bench::add_timers() {
    add("timer_churn", &timer_churn);
    add("floor_timer_churn", &floor_timer_churn);
    add("sleep_100us", &sleep_100us)->Unit(benchmark::kMicrosecond);
    // So many that the latest of a hundred is not one event alone.
    add("tick_lateness_idle", &tick_lateness_idle)->Unit(benchmark::kMicrosecond)->Iterations(1000);
    add("tick_lateness_blocking", &tick_lateness_blocking)->Unit(benchmark::kMicrosecond)->Iterations(1000);
    add("tick_lateness_spinning", &tick_lateness_spinning)->Unit(benchmark::kMicrosecond)->Iterations(300);
}
