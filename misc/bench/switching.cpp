// SPDX-License-Identifier: BSD-3-Clause
// From one goroutine to the next, and how fast they come and go. All on one p, so that no m ever waits.
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdint>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"
#include "misc/bench/yields.hpp"

namespace {

using benchmark::State;

void switch_gosched(State& state) {
    bench::share_yields(state, 2);
}
void switch_gosched_1000(State& state) {
    bench::share_yields(state, 1000);
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
