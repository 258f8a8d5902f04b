// SPDX-License-Identifier: BSD-3-Clause
// Goroutines that do nothing but yield to each other: what switch_gosched and gangway_scale both measure, among fewer and
// among more.
#pragma once

#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdint>

#include "misc/bench/bench.hpp"

namespace bench {

// What the goroutines share needs no atomics: there is one p.
struct yields {
    std::int64_t left = 0;
    std::int64_t made = 0;
};

// Not inlined: all goroutines leave gosched to the same place, as Go's do. Where each has a loop of its own, the CPU
// mispredicts that return at every switch, and that is measured too.
[[gnu::noinline]] inline void yield_on(yields& all) {
    while (all.left > 0) {
        --all.left;
        ++all.made;
        gangway::gosched();
    }
}

// `goroutines` of them, the main one included, make all the yields between them.
inline void share_yields(benchmark::State& state, int goroutines) {
    in_goroutine(state, 1, [&] {
        int arrived = 1;
        yields all;
        gangway::chan<int> gate;
        gangway::wait_group peers;
        for (int i = 1; i < goroutines; ++i) {
            peers.go([&] {
                ++arrived;
                gate.recv();
                yield_on(all);
            });
        }
        while (arrived < goroutines) gangway::gosched();
        all.left = operations(state);
        // Entered once. That the gate opens is measured too: with many behind it, some are under way before all are.
        while (state.KeepRunningBatch(operations(state))) {
            gate.close();
            yield_on(all);
        }
        peers.wait();
        expect(state, all.made == state.iterations(), "the yields do not add up");
    });
}

}  // namespace bench
