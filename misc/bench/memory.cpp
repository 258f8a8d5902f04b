// SPDX-License-Identifier: BSD-3-Clause
// What a parked goroutine keeps in memory. The time is that of one goroutine's whole life; the counters are what
// counts: bytes resident and bytes of page tables, per goroutine.
#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

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

double number_in(const char* path, const char* format) {
    std::FILE* f = std::fopen(path, "re");
    if (f == nullptr) return std::numeric_limits<double>::infinity();
    double n = std::numeric_limits<double>::infinity();
    char line[256];
    while (std::fgets(line, sizeof line, f) != nullptr && std::sscanf(line, format, &n) != 1) {
    }
    std::fclose(f);
    return n;
}

// What may still be taken, of the machine's memory and of what this process's container is given ("max": no limit).
double free_bytes() {
    const double of_machine = 1024 * number_in("/proc/meminfo", "MemAvailable: %lf kB");
    const double of_container =
        number_in("/sys/fs/cgroup/memory.max", "%lf") - number_in("/sys/fs/cgroup/memory.current", "%lf");
    return std::isnan(of_container) ? of_machine : std::min(of_machine, of_container);
}

void rss_per_goroutine(State& state, int goroutines) {
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

void rss_per_goroutine_100k(State& state) {
    rss_per_goroutine(state, 100'000);
}

// A machine that has not the memory is not brought to swap, and has not failed.
void rss_per_goroutine_1m(State& state) {
    constexpr double needed = 8e9;
    if (const double has = free_bytes(); has < needed) {
        for (auto _ : state) continue;
        char why[100];
        std::snprintf(why, sizeof why, "skipped: %.1f GB of memory are free, %.0f are needed", has / 1e9,
                      needed / 1e9);
        state.SetLabel(why);
        return;
    }
    rss_per_goroutine(state, 1'000'000);
}

}  // namespace

// Once each: a second round would find the stacks of the first in the caches, and count none of their pages.
void bench::add_memory() {
    add("rss_per_goroutine_100k", &rss_per_goroutine_100k)->Iterations(1)->Repetitions(1);
}
void bench::add_memory_of_many() {
    add("rss_per_goroutine_1m", &rss_per_goroutine_1m)->Iterations(1)->Repetitions(1);
}
