// SPDX-License-Identifier: BSD-3-Clause
// What a parked goroutine keeps in memory. The time is that of one goroutine's whole life; the counters are what
// counts: bytes resident and bytes of page tables, per goroutine.
#pragma once

#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdio>

#include "misc/bench/bench.hpp"

namespace bench {

struct resident {
    double rss_bytes = 0;
    double page_table_bytes = 0;
};

inline resident resident_now() {
    resident r;
    std::FILE* f = std::fopen("/proc/self/status", "re");
    if (f == nullptr) return r;
    char line[256];
    while (std::fgets(line, sizeof line, f) != nullptr) {
        long kb = 0;
        if (std::sscanf(line, "VmRSS: %ld kB", &kb) == 1) r.rss_bytes = 1024.0 * static_cast<double>(kb);
        if (std::sscanf(line, "VmPTE: %ld kB", &kb) == 1) r.page_table_bytes = 1024.0 * static_cast<double>(kb);
    }
    std::fclose(f);
    return r;
}

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
