// SPDX-License-Identifier: BSD-3-Clause
// gangway_bench: one benchmark an operation.
#include "misc/bench/families.hpp"
#include "misc/bench/run_benchmarks.hpp"

int main(int argc, char** argv) {
    return bench::run_benchmarks(argc, argv, [] {
        bench::add_stops();
        bench::add_memory();
        bench::add_calls();
        bench::add_dynamic_calls();
        bench::add_callbacks();
        bench::add_switching();
        bench::add_channels();
        bench::add_selects();
        bench::add_locks();
        bench::add_locked();
        bench::add_pinned();
        bench::add_blocking();
        bench::add_timers();
        bench::add_sockets();
        bench::add_call_floors();
        bench::add_switching_floors();
        bench::add_kernel_floors();
        bench::add_memory_of_many();
    });
}
