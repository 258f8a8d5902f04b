// SPDX-License-Identifier: BSD-3-Clause
// Goroutine stacks: slots in slabs of reserved address space.
//
//   slab:  | guard | stack ........ g | guard | stack ........ g | ...
//
// The g stands at the top of its own stack, so that a parked goroutine costs one page, committed when touched.
// A slot's guard is MADV_GUARD_INSTALL (Linux 6.13), which splits no mapping, else PROT_NONE, which does: then
// vm.max_map_count bounds the number of goroutines, and reaching it is said clearly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "runtime/types.hpp"

namespace gangway::runtime {

constexpr std::size_t page_size = 4096;
// Below each stack: more than most frames have, so that an overflow does not step over it into the next goroutine's
// stack. Costs address space and an entry a page in the page table.
constexpr std::size_t guard_size = 8 * page_size;
constexpr std::size_t min_stack_size = 8192;

struct stack_stats {
    std::uint64_t in_use_bytes;  // those that goroutines have
    std::uint64_t cached_bytes;  // those of goroutines that have ended, kept for others
    std::uint64_t reserved_bytes;
};

// What gfget throws: a bad_alloc that says which limit was met.
class no_stack : public std::bad_alloc {
public:
    explicit no_stack(const char* why) noexcept : why_(why) {}
    const char* what() const noexcept override { return why_; }

private:
    const char* why_;
};

// A Gdead g with a stack of sched.stack_size, from the caches of pp (null: from the common ones). Any thread; may take
// the stack lock. Throws no_stack when address space or the kernel's mappings are used up.
g* gfget(p* pp);
// Takes back a Gdead g that nobody runs on.
void gfput(p* pp, g* gp);
// pp is going away: its cache goes to the common one.
void gfpurge(p* pp);

// Calls f(gp) for each slot that holds a goroutine or a cached dead one, with the stack lock held.
using g_visitor = void (*)(g* gp, void* arg);
void for_each_g(g_visitor f, void* arg);
// The same for a process that is dying: gives up when the lock cannot be had soon.
bool try_for_each_g(g_visitor f, void* arg);

// While it is held no slot is given back. May be taken with sched.lock held, never the other way round.
extern m_lock stacks_lock;

// With the world stopped: it looks into the ps' caches.
stack_stats read_stack_stats();
// Bytes of stacks that are in memory, those of cached ones too, as mincore(2) has it. Any thread; takes some 10 us for
// each 16 MB of address space.
std::uint64_t resident_stack_bytes();

// Whether addr is in the guard below gp's stack.
bool in_guard(const g* gp, std::uintptr_t addr);
// The size that gp's stack was asked for with.
std::size_t stack_limit(const g* gp);

}  // namespace gangway::runtime
