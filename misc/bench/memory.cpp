// SPDX-License-Identifier: BSD-3-Clause
// What a parked goroutine keeps in memory, among many.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"
#include "misc/bench/resident.hpp"

namespace {

using benchmark::State;

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

void rss_per_goroutine_100k(State& state) {
    bench::rss_per_goroutine(state, 100'000);
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
    bench::rss_per_goroutine(state, 1'000'000);
}

}  // namespace

// Once each: a second round would find the stacks of the first in the caches, and count none of their pages.
void bench::add_memory() {
    add("rss_per_goroutine_100k", &rss_per_goroutine_100k)->Iterations(1)->Repetitions(1);
}
void bench::add_memory_of_many() {
    add("rss_per_goroutine_1m", &rss_per_goroutine_1m)->Iterations(1)->Repetitions(1);
}
