// SPDX-License-Identifier: BSD-3-Clause
// The round trip of chan_pingpong with goroutines that are locked to their threads: each message wakes a thread.
#include <gangway/runtime.hpp>

#include "misc/bench/bench.hpp"
#include "misc/bench/echo.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

void locked_pingpong(State& state) {
    bench::in_goroutine(state, 2, [&] { bench::echo_round_trips(state, [] { gangway::lock_os_thread(); }); });
}

void locked_pingpong_both(State& state) {
    bench::in_goroutine(state, 2, [&] {
        gangway::os_thread_lock pinned;
        bench::echo_round_trips(state, [] { gangway::lock_os_thread(); });
    });
}

}  // namespace

void bench::add_locked() {
    add("locked_pingpong", &locked_pingpong);
    add("locked_pingpong_both", &locked_pingpong_both);
}
