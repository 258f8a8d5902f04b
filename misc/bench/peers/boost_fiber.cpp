// SPDX-License-Identifier: BSD-3-Clause
// The operations of gangway_bench that Boost.Fiber has too, on one thread, under the same names.
#include <boost/fiber/all.hpp>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "misc/bench/process_memory.hpp"
#include "misc/bench/run_benchmarks.hpp"

namespace {

using benchmark::State;
namespace fibers = boost::fibers;

[[gnu::noinline]] void yield_on(std::int64_t& left) {
    while (left > 0) {
        --left;
        boost::this_fiber::yield();
    }
}

void share_yields(State& state, int count) {
    std::int64_t left = 0;
    bool started = false;
    std::vector<fibers::fiber> peers;
    for (int i = 1; i < count; ++i) {
        peers.emplace_back([&] {
            while (!started) boost::this_fiber::yield();
            yield_on(left);
        });
    }
    boost::this_fiber::yield();
    while (state.KeepRunningBatch(state.max_iterations)) {
        left = state.max_iterations;
        started = true;
        yield_on(left);
    }
    started = true;
    for (auto& f : peers) f.join();
}

void switch_gosched(State& state) {
    share_yields(state, 2);
}
void switch_gosched_1000(State& state) {
    share_yields(state, 1000);
}

void spawn_join(State& state) {
    constexpr int batch = 1000;
    std::int64_t ran = 0;
    std::vector<fibers::fiber> all;
    while (state.KeepRunningBatch(batch)) {
        for (int i = 0; i < batch; ++i) {
            all.emplace_back(std::allocator_arg, fibers::fixedsize_stack(64 << 10), [&] { ++ran; });
        }
        for (auto& f : all) f.join();
        all.clear();
    }
    if (ran != state.iterations()) state.SkipWithError("not every fiber ran");
}

void chan_pingpong(State& state) {
    fibers::unbuffered_channel<std::int64_t> there;
    fibers::unbuffered_channel<std::int64_t> back;
    fibers::fiber echo([&] {
        for (std::int64_t n : there) back.push(n + 1);
    });
    std::int64_t n = 0;
    for (auto _ : state) {
        there.push(n);
        back.pop(n);
    }
    there.close();
    echo.join();
    if (n != state.iterations()) state.SkipWithError("the round trips do not add up");
}

void chan_buffered(State& state) {
    fibers::buffered_channel<std::int64_t> slots(128);
    fibers::fiber producer([&] {
        for (std::int64_t i = 0; i < state.max_iterations; ++i) slots.push(i);
    });
    std::int64_t sum = 0;
    for (auto _ : state) sum += slots.value_pop();
    producer.join();
    if (sum != state.max_iterations * (state.max_iterations - 1) / 2)
        state.SkipWithError("the items do not add up");
}

void mutex_uncontended(State& state) {
    fibers::mutex mu;
    std::int64_t n = 0;
    for (auto _ : state) {
        std::lock_guard<fibers::mutex> hold(mu);
        benchmark::DoNotOptimize(++n);
    }
}

// What a parked fiber keeps in memory, on the stack that spawn_join takes.
void memory(State& state, int count) {
    bench::resident before;
    bench::resident parked;
    while (state.KeepRunningBatch(count)) {
        fibers::unbuffered_channel<int> gate;
        int arrived = 0;
        std::vector<fibers::fiber> all;
        all.reserve(static_cast<std::size_t>(count));
        before = bench::resident_now();
        for (int i = 0; i < count; ++i) {
            all.emplace_back(std::allocator_arg, fibers::fixedsize_stack(64 << 10), [&] {
                ++arrived;
                int none = 0;
                gate.pop(none);
            });
        }
        while (arrived < count) boost::this_fiber::yield();
        parked = bench::resident_now();
        gate.close();
        for (auto& f : all) f.join();
    }
    if (before.rss_bytes <= 0) state.SkipWithError("no VmRSS in /proc/self/status");
    state.counters["bytes"] = (parked.rss_bytes - before.rss_bytes) / count;
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_benchmarks(argc, argv, [] {
        bench::add("switch_gosched", &switch_gosched);
        bench::add("switch_gosched_1000", &switch_gosched_1000);
        bench::add("spawn_join", &spawn_join);
        bench::add("chan_pingpong", &chan_pingpong);
        bench::add("chan_buffered", &chan_buffered);
        bench::add("mutex_uncontended", &mutex_uncontended);
        for (int n : {100, 1'000, 10'000}) {
            bench::add("scale_switch/" + std::to_string(n), [n](State& s) {
                share_yields(s, n);
            })->Iterations(2'000'000);
        }
        for (int n : {100, 1'000, 10'000}) {
            bench::add("scale_memory/" + std::to_string(n), [n](State& s) { memory(s, n); })->Iterations(1);
        }
    });
}
