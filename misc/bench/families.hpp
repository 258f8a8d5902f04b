// SPDX-License-Identifier: BSD-3-Clause
// One function a file of gangway_bench, called by main in the order that the reports have. Memory is at the start: what
// others leave in the caches would be taken for memory that a parked goroutine does not need. Before it only the stops of
// the world, whose time grows with the stacks that the process has ever had; last, for the same reason, the million of
// stacks.
#pragma once

namespace bench {

void add_stops();
void add_memory();
void add_calls();
void add_dynamic_calls();
void add_callbacks();
void add_switching();
void add_channels();
void add_selects();
void add_locks();
void add_locked();
void add_pinned();
void add_blocking();
void add_timers();
void add_sockets();
void add_call_floors();
void add_switching_floors();
void add_kernel_floors();
void add_memory_of_many();

}  // namespace bench
