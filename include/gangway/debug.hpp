// SPDX-License-Identifier: BSD-3-Clause
// Looking at a running program.
#pragma once

#include <cstdint>
#include <string>

#include <gangway/detail/export.hpp>

namespace gangway {

// Counts since the start where a name has no "now" sense. One stop-the-world's consistent picture.
struct mem_stats {
    std::uint64_t goroutines;  // that exist
    std::uint64_t goroutines_made;
    std::uint64_t ms;              // threads that the runtime has, its monitor not among them
    std::uint64_t ms_idle;         // asleep for want of work
    std::uint64_t ms_idle_locked;  // asleep with a goroutine that is locked to them
    std::uint64_t ms_ended;
    std::uint64_t ps;
    std::uint64_t ps_idle;   // at the moment of the stop
    std::uint64_t runnable;  // goroutines in run queues, the caller not among them
    std::uint64_t cgo_calls;
    std::uint64_t callbacks;
    std::uint64_t handoffs;  // ps passed on by an m that had to wait
    std::uint64_t retakes;   // ps taken from calls into C
    std::uint64_t steals;
    std::uint64_t parks;
    std::uint64_t preempt_requests;
    std::uint64_t preemptions;
    std::uint64_t stops;                 // of the world
    std::uint64_t stack_in_use_bytes;    // address space of the stacks that goroutines have
    std::uint64_t stack_reserved_bytes;  // address space of all slabs
};

// Stops the world for a moment: may park. Any thread.
GANGWAY_API mem_stats read_mem_stats();

// Every goroutine, an entry each that starts "goroutine ID [state]:" with what it waits for and since when. Any thread.
// Never parks. A picture of goroutines that run on: each entry is true by itself. Throws std::system_error when the
// descriptor cannot be written.
GANGWAY_API std::string stacks();
GANGWAY_API void write_stacks(int fd);

}  // namespace gangway
