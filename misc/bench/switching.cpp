// SPDX-License-Identifier: BSD-3-Clause
// From one goroutine to the next, and how fast they come and go. All on one p, so that no m ever waits.
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdint>

#include "misc/bench/bench.hpp"

namespace {

using benchmark::State;

// What the goroutines share needs no atomics: there is one p.
struct yields {
    std::int64_t left = 0;
    std::int64_t made = 0;
};

// Not inlined: all goroutines leave gosched to the same place, as Go's do. Where each has a loop of its own, the CPU
// mispredicts that return at every switch, and that is measured too.
[[gnu::noinline]] void yield_on(yields& all) {
    while (all.left > 0) {
        --all.left;
        ++all.made;
        gangway::gosched();
    }
}

// `goroutines` of them, the main one included, make all the yields between them.
void share_yields(State& state, int goroutines) {
    bench::in_goroutine(state, 1, [&] {
        int arrived = 1;
        bool started = false;
        yields all;
        gangway::wait_group peers;
        for (int i = 1; i < goroutines; ++i) {
            peers.go([&] {
                ++arrived;
                while (!started) gangway::gosched();
                yield_on(all);
            });
        }
        while (arrived < goroutines) gangway::gosched();
        while (state.KeepRunningBatch(bench::operations(state))) {
            all.left = bench::operations(state);
            started = true;
            yield_on(all);
        }
        started = true;
        peers.wait();
        bench::expect(state, all.made == state.iterations(), "the yields do not add up");
    });
}

void switch_gosched(State& state) {
    share_yields(state, 2);
}
void switch_gosched_1000(State& state) {
    share_yields(state, 1000);
}

void spawn_join(State& state) {
    constexpr int batch = 1000;
    bench::in_goroutine(state, 1, [&] {
        std::int64_t ran = 0;
        while (state.KeepRunningBatch(batch)) {
            gangway::wait_group all;
            for (int i = 0; i < batch; ++i) all.go([&ran] { ++ran; });
            all.wait();
        }
        bench::expect(state, ran == state.iterations(), "not every goroutine ran");
    });
}

}  // namespace

void bench::add_switching() {
    add("switch_gosched", &switch_gosched);
    add("switch_gosched_1000", &switch_gosched_1000);
    add("spawn_join", &spawn_join);
}
