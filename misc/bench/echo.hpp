// SPDX-License-Identifier: BSD-3-Clause
// A round trip over two unbuffered channels: what chan_pingpong and locked_pingpong both measure, on goroutines that
// differ.
#pragma once

#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdint>

#include "misc/bench/bench.hpp"

namespace bench {

// Main sends to a goroutine that sends back. at_start runs first on that goroutine.
template <class AtStart>
void echo_round_trips(benchmark::State& state, AtStart at_start) {
    gangway::chan<std::int64_t> there;
    gangway::chan<std::int64_t> back;
    gangway::wait_group echo;
    echo.go([&] {
        at_start();
        for (std::int64_t n : there) back.send(n + 1);
    });
    std::int64_t n = 0;
    for (auto _ : state) {
        there.send(n);
        n = *back.recv();
    }
    there.close();
    echo.wait();
    expect(state, n == state.iterations(), "the round trips do not add up");
}

}  // namespace bench
