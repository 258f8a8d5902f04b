// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/lockrank.hpp"

#if defined(GANGWAY_LOCKRANK)

#include <cstdio>
#include <functional>

#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

struct held_rank {
    std::uint32_t count = 0;
    const void* highest = nullptr;  // of those taken while others of the rank were held
};

// The functions that use it do not switch, and are not inlined into any that does.
thread_local std::array<held_rank, lock_order.size()> held;

const lock_rule& rule_of(lock_rank rank) {
    return lock_order[static_cast<std::size_t>(rank)];
}

bool holds(lock_rank rank) {
    return held[static_cast<std::size_t>(rank)].count != 0;
}

bool may_take_another(lock_rank rank, const void* lock) {
    if (rank == lock_rank::channel) return std::less<>()(held[static_cast<std::size_t>(rank)].highest, lock);
    return rank == lock_rank::timers && holds(lock_rank::sched);
}

[[noreturn]] void report(const lock_rule& taken, const lock_rule& holding) {
    char line[160];
    std::snprintf(line, sizeof line, "lock order: %s taken while holding %s", taken.name, holding.name);
    fatal(line);
}

}  // namespace

void rank_check::taken(const void* lock) const {
    held_rank& h = held[static_cast<std::size_t>(rank_)];
    h.count++;
    h.highest = lock;
}

void rank_check::taking(const void* lock) const {
    const lock_rule& rule = rule_of(rank_);
    for (const lock_rule& other : lock_order) {
        if (!holds(other.rank)) continue;
        bool right = other.rank == rank_ ? may_take_another(rank_, lock)
                                         : rule.may_be_held.has(static_cast<std::size_t>(other.rank));
        if (!right) report(rule, other);
    }
    taken(lock);
}

void rank_check::releasing() const {
    held_rank& h = held[static_cast<std::size_t>(rank_)];
    if (h.count == 0) fatal_in("lock order: released by a thread that does not hold it", rule_of(rank_).name);
    h.count--;
}

}  // namespace gangway::runtime

#endif
