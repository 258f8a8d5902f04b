// SPDX-License-Identifier: BSD-3-Clause
// Goroutine code calls C: int add(int, int), in each way that there is. Each call takes the result of the one before,
// so none can be dropped or overlapped, and the last result is the number of calls.
#include <gangway/call.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

template <class Call>
void chain_of_calls(State& state, Call add_one) {
    bench::in_goroutine(state, 1, [&] {
        int n = 0;
        for (auto _ : state) n = add_one(n);
        bench::expect(state, n == state.iterations(), "the calls do not add up");
    });
}

void direct_call(State& state) {
    chain_of_calls(state, [](int n) { return bench_add(n, 1); });
}

void leaf_call(State& state) {
    chain_of_calls(state, [](int n) { return gangway::leaf_call<&bench_add>(n, 1); });
}

void call(State& state) {
    chain_of_calls(state, [](int n) { return gangway::call<&bench_add>(n, 1); });
}

void call_errno(State& state) {
    int errors = 0;
    chain_of_calls(state, [&](int n) {
        auto result = gangway::call_errno<&bench_add>(n, 1);
        errors |= result.error;
        return result.value;
    });
    bench::expect(state, errors == 0, "an errno from a function that sets none");
}

// Two goroutines hand one p to each other: a call wakes the m that the other one's call has left asleep. One operation
// is a call of each, which takes two wakes, as floor_futex_roundtrip does.
void blocking_call_handoff(State& state) {
    bench::in_goroutine(state, 1, [&] {
        bool over = false;
        long refused = 0;
        gangway::wait_group peer;
        peer.go([&] {
            while (!over) refused += gangway::blocking_call<&bench_system_call>() < 0;
        });
        for (auto _ : state) refused += gangway::blocking_call<&bench_system_call>() < 0;
        over = true;
        peer.wait();
        bench::expect(state, refused == 0, "the system call failed");
    });
}

}  // namespace

void bench::add_calls() {
    add("direct_call", &direct_call);
    add("leaf_call", &leaf_call);
    add("call", &call);
    add("call_errno", &call_errno);
    add("blocking_call_handoff", &blocking_call_handoff);
}
