// SPDX-License-Identifier: BSD-3-Clause
// C calls goroutine code.
#include <gangway/call.hpp>
#include <gangway/callback.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

constexpr int callbacks_in_a_call = 1000;
// What bench_call_back gives when each callback returns its argument and 1.
constexpr long sum_of_a_call = long{callbacks_in_a_call} * (callbacks_in_a_call + 1) / 2;

int add_one(int n) {
    return n + 1;
}

void callback(State& state) {
    bench::in_goroutine(state, 1, [&] {
        bool right = true;
        while (state.KeepRunningBatch(callbacks_in_a_call)) {
            long sum = gangway::call<&bench_call_back>(gangway::exported<&add_one>, callbacks_in_a_call);
            right &= sum == sum_of_a_call;
        }
        bench::expect(state, right, "the callbacks do not add up");
    });
}

void call_with_callback(State& state) {
    bench::in_goroutine(state, 1, [&] {
        long sum = 0;
        for (auto _ : state) sum += gangway::call<&bench_call_back>(gangway::exported<&add_one>, 1);
        bench::expect(state, sum == state.iterations(), "the callbacks do not add up");
    });
}

void userdata_callback(State& state) {
    bench::in_goroutine(state, 1, [&] {
        long calls = 0;
        gangway::userdata_callback<int(int, void*), 1> cb([&](int n) {
            ++calls;
            return n + 1;
        });
        bool right = true;
        while (state.KeepRunningBatch(callbacks_in_a_call)) {
            long sum = gangway::call<&bench_call_back_data>(cb.fn(), cb.data(), callbacks_in_a_call);
            right &= sum == sum_of_a_call;
        }
        bench::expect(state, right && calls == state.iterations(), "the callbacks do not add up");
    });
}

void closure_callback(State& state) {
    bench::in_goroutine(state, 1, [&] {
        long calls = 0;
        gangway::callback<int(int)> cb([&](int n) {
            ++calls;
            return n + 1;
        });
        bool right = true;
        while (state.KeepRunningBatch(callbacks_in_a_call)) {
            long sum = gangway::call<&bench_call_back>(cb.get(), callbacks_in_a_call);
            right &= sum == sum_of_a_call;
        }
        bench::expect(state, right && calls == state.iterations(), "the callbacks do not add up");
    });
}

void closure_create_free(State& state) {
    bench::in_goroutine(state, 1, [&] {
        long made = 0;
        for (auto _ : state) {
            gangway::callback<int(int)> cb([&made](int n) { return n + 1; });
            benchmark::DoNotOptimize(cb.get());
            ++made;
        }
        bench::expect(state, made == state.iterations(), "not each was made");
    });
}

// Threads of C's own call in, n times each. The time is what they take for it; making them is left out.
void foreign_threads(State& state, int threads, int n) {
    bench::in_goroutine(state, 1, [&] {
        gangway::userdata_callback<int(int, void*), 1> cb([](int i) { return i + 1; });
        bool right = true;
        while (state.KeepRunningBatch(threads * n)) {
            long ns = 0;
            long sum = gangway::blocking_call<&bench_threads_call_back>(cb.fn(), cb.data(), threads, n, &ns);
            right &= sum == long{threads} * n * (n + 1) / 2;
            state.SetIterationTime(static_cast<double>(ns) * 1e-9);
        }
        bench::expect(state, right, "the callbacks do not add up");
    });
}

void foreign_thread_callback(State& state) {
    foreign_threads(state, 1, 100'000);
}

void foreign_thread_first_callback(State& state) {
    foreign_threads(state, 100, 1);
}

// What a callback does with the void* that C gives it.
void handle_lookup(State& state) {
    gangway::handle h = gangway::handle::make(1);
    void* p = h.pointer();
    long sum = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(p);
        sum += gangway::handle::from(p).value<int>();
    }
    bench::expect(state, sum == state.iterations(), "another value");
    h.release();
}

using comparator = int (*)(const void*, const void*);

int compare_ints(const void* a, const void* b) {
    const int x = *static_cast<const int*>(a);
    const int y = *static_cast<const int*>(b);
    return (x > y) - (x < y);
}

// The same numbers in each run and on each machine.
std::vector<int> shuffled_numbers() {
    std::vector<int> v(1'000'000);
    std::uint32_t x = 2463534242;
    for (int& i : v) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        i = static_cast<int>(x >> 1);
    }
    return v;
}

long compares_of_a_sort(std::vector<int> numbers) {
    bench_compares = 0;
    std::qsort(numbers.data(), numbers.size(), sizeof(int), &bench_compare_counting);
    return bench_compares;
}

// One operation is one comparison.
void sort_numbers(State& state, comparator compare) {
    const std::vector<int> shuffled = shuffled_numbers();
    const long compares = compares_of_a_sort(shuffled);
    bench::in_goroutine(state, 1, [&] {
        std::vector<int> numbers = shuffled;
        bool sorted = true;
        while (state.KeepRunningBatch(compares)) {
            state.PauseTiming();
            numbers = shuffled;
            state.ResumeTiming();
            gangway::call<static_cast<void (*)(void*, std::size_t, std::size_t, comparator)>(&std::qsort)>(
                numbers.data(), numbers.size(), sizeof(int), compare);
            state.PauseTiming();
            sorted &= std::is_sorted(numbers.begin(), numbers.end());
            state.ResumeTiming();
        }
        bench::expect(state, sorted, "not sorted");
    });
}

void qsort_1e6(State& state) {
    sort_numbers(state, gangway::exported<&compare_ints>);
}

// The same call with a comparator that stays in C.
void qsort_1e6_c(State& state) {
    sort_numbers(state, &bench_compare);
}

}  // namespace

void bench::add_callbacks() {
    add("callback", &callback);
    add("call_with_callback", &call_with_callback);
    add("userdata_callback", &userdata_callback);
    add("closure_callback", &closure_callback);
    add("closure_create_free", &closure_create_free);
    add_timed_by_itself("foreign_thread_callback", &foreign_thread_callback);
    add_timed_by_itself("foreign_thread_first_callback", &foreign_thread_first_callback);
    add("handle_lookup", &handle_lookup);
    add("qsort_1e6", &qsort_1e6);
    add("qsort_1e6_c", &qsort_1e6_c);
}
