// SPDX-License-Identifier: BSD-3-Clause
// Channels between unlocked goroutines.
#include <gangway/chan.hpp>
#include <gangway/sync.hpp>

#include <cstdint>

#include "misc/bench/bench.hpp"
#include "misc/bench/echo.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

void pingpong(State& state, int ps) {
    bench::in_goroutine(state, ps, [&] { bench::echo_round_trips(state, [] {}); });
}

void chan_pingpong(State& state) {
    pingpong(state, 1);
}
void chan_pingpong_cross(State& state) {
    pingpong(state, 2);
}

// One operation is one item.
void chan_buffered(State& state) {
    bench::in_goroutine(state, 1, [&] {
        const std::int64_t items = bench::operations(state);
        gangway::chan<std::int64_t> slots(128);
        gangway::wait_group producer;
        producer.go([&] {
            for (std::int64_t i = 0; i < items; ++i) slots.send(i);
        });
        std::int64_t sum = 0;
        for (auto _ : state) sum += *slots.recv();
        producer.wait();
        bench::expect(state, sum == items * (items - 1) / 2, "the items do not add up");
    });
}

}  // namespace

void bench::add_channels() {
    add("chan_pingpong", &chan_pingpong);
    add("chan_pingpong_cross", &chan_pingpong_cross);
    add("chan_buffered", &chan_buffered);
}
