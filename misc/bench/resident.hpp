// SPDX-License-Identifier: BSD-3-Clause
// What a parked goroutine keeps in memory. The time is that of one goroutine's whole life; the counters are what
// counts: bytes resident and bytes of page tables, per goroutine.
#pragma once

#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include "misc/bench/bench.hpp"
#include "misc/bench/process_memory.hpp"

namespace bench {

inline void rss_per_goroutine(benchmark::State& state, int goroutines) {
    resident before;
    resident parked;
    in_goroutine(state, 1, [&] {
        while (state.KeepRunningBatch(goroutines)) {
            gangway::chan<int> gate;
            gangway::wait_group all;
            int arrived = 0;
            before = resident_now();
            for (int i = 0; i < goroutines; ++i) {
                all.go([&] {
                    ++arrived;
                    gate.recv();
                });
            }
            while (arrived < goroutines) gangway::gosched();
            gangway::gosched();
            parked = resident_now();
            gate.close();
            all.wait();
        }
        expect(state, before.rss_bytes > 0, "no VmRSS in /proc/self/status");
    });
    state.counters["bytes"] = (parked.rss_bytes - before.rss_bytes) / goroutines;
    state.counters["page_table_bytes"] = (parked.page_table_bytes - before.page_table_bytes) / goroutines;
}

}  // namespace bench
