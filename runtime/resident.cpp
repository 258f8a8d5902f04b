// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/resident.hpp"

#include "runtime/atomic.hpp"
#include "runtime/stack.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

namespace {

constexpr std::int64_t times_its_cost = 20;

struct sample {
    std::uint64_t bytes = 0;
    std::uint64_t in_use_bytes = 0;
    std::int64_t good_until = 0;
};
constinit sample last;                      // who has it
constinit std::atomic<bool> in_use{false};  // whoever sets it has `last` until it clears it; nobody waits for it

}  // namespace

std::uint64_t resident_stack_bytes_lately(std::uint64_t in_use_bytes) {
    if (!cas_acquire(in_use, false, true)) return resident_stack_bytes();
    const std::int64_t now = nanotime();
    if (last.in_use_bytes != in_use_bytes || now > last.good_until) {
        last.bytes = resident_stack_bytes();
        const std::int64_t after = nanotime();
        last.in_use_bytes = in_use_bytes;
        last.good_until = after + (after - now) * times_its_cost;
    }
    const std::uint64_t bytes = last.bytes;
    store_release(in_use, false);
    return bytes;
}

}  // namespace gangway::runtime
