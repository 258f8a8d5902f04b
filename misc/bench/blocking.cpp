// SPDX-License-Identifier: BSD-3-Clause
// Many goroutines in C at once, where C sleeps. The time is the wall time of all of them together, in ms; the counter
// cold_ms is what the first round of the process took, with no thread there yet.
#include <gangway/call.hpp>
#include <gangway/sync.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

constexpr int sleepers = 1000;
constexpr unsigned sleep_us = 100'000;

void sleep_in_goroutines(std::atomic<int>& slept) {
    gangway::wait_group all;
    for (int i = 0; i < sleepers; ++i) {
        all.go([&] { slept += gangway::call<&bench_sleep_us>(sleep_us) == 0; });
    }
    all.wait();
}

void sleep_in_threads(std::atomic<int>& slept) {
    std::vector<std::thread> all;
    all.reserve(sleepers);
    for (int i = 0; i < sleepers; ++i) {
        all.emplace_back([&] { slept += bench_sleep_us(sleep_us) == 0; });
    }
    for (std::thread& t : all) t.join();
}

double ms_of(void (*round)(std::atomic<int>&), std::atomic<int>& slept) {
    const auto start = std::chrono::steady_clock::now();
    round(slept);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void blocking_1000x100ms(State& state) {
    static double cold_ms = 0;
    bench::in_goroutine(state, 2, [&] {
        std::atomic<int> slept{0};
        if (cold_ms == 0) cold_ms = ms_of(&sleep_in_goroutines, slept);
        slept = 0;
        for (auto _ : state) sleep_in_goroutines(slept);
        bench::expect(state, slept == sleepers * state.iterations(), "not every goroutine slept");
    });
    state.counters["cold_ms"] = cold_ms;
}

// Threads that are there before: a round wakes all of them, and each sleeps and says that it has.
class waiting_threads {
public:
    explicit waiting_threads(std::atomic<int>& slept) {
        all_.reserve(sleepers);
        for (int i = 0; i < sleepers; ++i) all_.emplace_back([this, &slept] { work(slept); });
        asleep_.wait(false);
    }
    ~waiting_threads() {
        over_ = true;
        begin();
        for (std::thread& t : all_) t.join();
    }
    waiting_threads(const waiting_threads&) = delete;
    waiting_threads& operator=(const waiting_threads&) = delete;

    void round() {
        left_ = sleepers;
        asleep_ = false;
        begin();
        asleep_.wait(false);
    }

private:
    void begin() {
        ++rounds_;
        rounds_.notify_all();
    }
    void work(std::atomic<int>& slept) {
        for (int seen = 0;; ++seen) {
            if (--left_ == 0) {
                asleep_ = true;
                asleep_.notify_one();
            }
            rounds_.wait(seen);
            if (over_) return;
            slept += bench_sleep_us(sleep_us) == 0;
        }
    }

    std::atomic<int> rounds_{0}, left_{sleepers};
    std::atomic<bool> asleep_{false}, over_{false};
    std::vector<std::thread> all_;
};

void threads_1000x100ms_warm(State& state) {
    std::atomic<int> slept{0};
    waiting_threads threads(slept);
    for (auto _ : state) threads.round();
    bench::expect(state, slept == sleepers * state.iterations(), "not every thread slept");
}

// The yardstick: every round makes its threads afresh, so all are cold.
void threads_1000x100ms(State& state) {
    std::atomic<int> slept{0};
    for (auto _ : state) sleep_in_threads(slept);
    bench::expect(state, slept == sleepers * state.iterations(), "not every thread slept");
}

}  // namespace

void bench::add_blocking() {
    add("blocking_1000x100ms", &blocking_1000x100ms)->Unit(benchmark::kMillisecond)->Iterations(3);
    add("threads_1000x100ms", &threads_1000x100ms)->Unit(benchmark::kMillisecond)->Iterations(3);
    add("threads_1000x100ms_warm", &threads_1000x100ms_warm)->Unit(benchmark::kMillisecond)->Iterations(3);
}
