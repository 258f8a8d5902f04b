// SPDX-License-Identifier: BSD-3-Clause
// Looking at a running program.
#pragma once

#include <cstdint>
#include <string>

#include <gangway/detail/export.hpp>

namespace gangway {

// One stop-the-world's consistent picture. Bytes where the name ends so; numbers that exist now, or counts since the start
// where the name has no "now" sense. What C does goes on during the stop: the numbers that it changes may differ by that.
struct mem_stats {
    std::uint64_t goroutines;  // that exist, main included. The next four are what they do
    std::uint64_t goroutines_made;
    std::uint64_t goroutines_running;   // the caller; in a stop-the-world no other is
    std::uint64_t goroutines_in_c;      // in a call, and in no callback of it
    std::uint64_t goroutines_runnable;  // in run queues
    std::uint64_t goroutines_waiting;
    std::uint64_t ms;              // threads that the runtime has, its monitor not among them
    std::uint64_t ms_idle;         // asleep for want of work
    std::uint64_t ms_idle_locked;  // asleep with a goroutine that is locked to them
    std::uint64_t ms_ended;
    std::uint64_t extra_ms;         // for threads that the runtime did not make
    std::uint64_t extra_ms_in_use;  // those that a living thread has
    std::uint64_t ps;
    std::uint64_t ps_idle;           // at the moment of the stop
    std::uint64_t runnable;          // goroutines in run queues, the caller not among them
    std::uint64_t timers;            // pending: of sleeps, timers, tickers, and deadlines of descriptors
    std::uint64_t channels;          // that exist
    std::uint64_t callback_objects;  // userdata_callbacks that exist
    std::uint64_t handles;
    std::uint64_t closures;  // callback objects that exist, and those whose last call is not over
    std::uint64_t cgo_calls;
    std::uint64_t callbacks;
    std::uint64_t foreign_callbacks;  // on threads that the runtime did not make; what parked there counts too
    std::uint64_t handoffs;           // ps passed on by an m that had to wait
    std::uint64_t retakes;            // ps taken from calls into C
    std::uint64_t steals;
    std::uint64_t parks;
    std::uint64_t preempt_requests;
    std::uint64_t preemptions;
    std::uint64_t stops;               // of the world
    std::uint64_t stack_in_use_bytes;  // address space of the stacks that goroutines have
    std::uint64_t stack_cached_bytes;  // the same of those that are kept for goroutines to come
    std::uint64_t
        stack_reserved_bytes;  // address space of all slabs: in use, cached, guards, and what was never used
    // Pages of stacks, cached ones too, that are in memory, by mincore(2). It is slow, so this may be what it said a moment
    // ago: no longer than 20 times as long as it took, and of as many stacks.
    std::uint64_t stack_resident_bytes;
    std::uint64_t heap_in_use_bytes;    // malloc's: given out, by mallinfo2(3). 0 with another malloc
    std::uint64_t heap_free_bytes;      // malloc's: had from the system and not given out
    std::uint64_t heap_reserved_bytes;  // malloc's: had from the system
};

// Stops the world for a moment: may park, and takes until each running goroutine has come to the scheduler. Any thread;
// fatal, by name, in a leaf_call. The last four are taken just after the stop.
GANGWAY_API mem_stats read_mem_stats();

// Writes everything that the runtime has as JSON Lines, one object a line: docs/heap_dump.md. Stops the world as
// read_mem_stats does; written when it runs again. Throws std::system_error when the descriptor cannot be written,
// std::bad_alloc when there is no memory for the text.
GANGWAY_API void write_heap_dump(int fd);

// Every goroutine: an entry each that starts "goroutine ID [state]:", the caller's first, then a line for each function
// under way and a line that says where, innermost first; C's functions and those of callbacks stand between those that
// called them and those that they call. The state is "running", "runnable", "syscall" (in C) or what it waits for; a wait
// of a second or more is told: "goroutine 7 [chan receive, 2 minutes, locked to thread]:".
// Stops the world for as long as it takes to look at the goroutines, but waits no longer than 10 ms for those that run:
// they, and C, are then looked at as they run. Any thread. May park on a goroutine's stack, where another stops the world.
// write_stacks throws std::system_error when the descriptor cannot be written, both throw std::bad_alloc.
GANGWAY_API std::string stacks();
GANGWAY_API void write_stacks(int fd);

}  // namespace gangway
