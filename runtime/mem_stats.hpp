// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <gangway/debug.hpp>

namespace gangway::runtime {

// Sets all but what add_resident_stats sets. With the world stopped.
void gather_mem_stats(mem_stats& s);
// What takes its time and needs no stop: malloc's figures, and the pages of stacks that are in memory. On a big stack.
void add_resident_stats(mem_stats& to);

// f(name, value) for each field.
using stat_visitor = void (*)(const char* name, std::uint64_t value, void* arg);
void for_each_stat(const mem_stats& s, stat_visitor f, void* arg);

// For how many goroutines were made and have not ended. Any thread.
std::uint64_t goroutines_now();

}  // namespace gangway::runtime
