// SPDX-License-Identifier: BSD-3-Clause
// What a parked goroutine keeps in memory. The time is that of one goroutine's whole life; the counters are what
// counts: bytes resident and bytes of page tables, per goroutine.
#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <cstdio>
#include <cstring>

#include "misc/bench/bench.hpp"

namespace {

using benchmark::State;

struct resident {
    double rss_bytes = 0;
    double page_table_bytes = 0;
};

resident resident_now() {
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

void rss_per_goroutine_100k(State& state) {
    constexpr int goroutines = 100'000;
    resident before;
    resident parked;
    bench::in_goroutine(state, 1, [&] {
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
        bench::expect(state, before.rss_bytes > 0, "no VmRSS in /proc/self/status");
    });
    state.counters["bytes"] = (parked.rss_bytes - before.rss_bytes) / goroutines;
    state.counters["page_table_bytes"] = (parked.page_table_bytes - before.page_table_bytes) / goroutines;
}

}  // namespace

void bench::add_memory() {
    // Once: a second round would find the stacks of the first in the caches, and count none of their pages.
    add("rss_per_goroutine_100k", &rss_per_goroutine_100k)->Iterations(1)->Repetitions(1);
}
