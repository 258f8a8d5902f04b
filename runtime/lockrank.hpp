// SPDX-License-Identifier: BSD-3-Clause
// The order of the runtime's locks: one list, which builds with GANGWAY_LOCKRANK check at each lock taken.
//
// A lock is of a rank. The table says under which ranks it may be taken; these stand above it, so there is no cycle. What
// is not in the table is fatal: "lock order: X taken while holding Y". Held locks belong to a thread, not to a goroutine:
// the one that arrives after a direct switch releases what the one that left held (K1), on the same thread.
//
// Locks of one rank are held together in two cases only:
//   channel  those of a select, each at a higher address than the one before
//   timers   a p's that is retired and all_p(0)'s, under sched.lock with the world stopped
//
// try_lock is not checked: it does not wait.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>

namespace gangway::runtime {

enum class lock_rank : std::uint8_t {
    reports,
    symbols,
    listed_slots,
    start,
    poller,
    timer_start,
    poll_desc,
    poll_pool,
    semaphore,
    waiters,
    handles,
    closures,
    channel,
    sched,
    stacks,
    timers,
};

class lock_ranks {
public:
    constexpr lock_ranks(std::initializer_list<lock_rank> of) {
        for (lock_rank r : of) bits_ |= 1U << static_cast<unsigned>(r);
    }
    constexpr bool has(std::size_t i) const { return (bits_ >> i & 1) != 0; }
    constexpr bool all_below(std::size_t i) const { return bits_ >> i == 0; }

private:
    std::uint32_t bits_ = 0;
};

struct lock_rule {
    lock_rank rank;
    const char* name;
    lock_ranks may_be_held;
};

inline constexpr std::array lock_order{
    lock_rule{lock_rank::reports, "the reports' finder_lock", {}},
    lock_rule{lock_rank::symbols, "the reports' symbols_lock", {}},
    lock_rule{lock_rank::listed_slots, "the dump's slots_lock", {}},
    lock_rule{lock_rank::start, "start_lock", {}},
    lock_rule{lock_rank::poller, "the poller's lock", {}},
    lock_rule{lock_rank::timer_start, "a timer's start lock", {}},
    lock_rule{lock_rank::poll_desc, "a descriptor's lock", {}},
    lock_rule{lock_rank::poll_pool, "the descriptors' pool_lock", {}},
    lock_rule{lock_rank::semaphore, "a semaphore bucket's lock", {}},
    lock_rule{lock_rank::waiters, "a waiter list's lock", {}},
    lock_rule{lock_rank::handles, "the handles' table_lock", {}},
    lock_rule{lock_rank::closures, "the closures' pool_lock", {}},
    lock_rule{lock_rank::channel, "a channel's lock", {}},
    lock_rule{lock_rank::sched, "sched.lock", {lock_rank::start, lock_rank::timer_start, lock_rank::poll_desc}},
    lock_rule{lock_rank::stacks, "stacks_lock", {lock_rank::reports, lock_rank::start, lock_rank::sched}},
    lock_rule{lock_rank::timers,
              "a timer heap's lock",
              {lock_rank::start, lock_rank::timer_start, lock_rank::poll_desc, lock_rank::sched}},
};

consteval bool lock_order_is_one() {
    for (std::size_t i = 0; i < lock_order.size(); i++) {
        if (static_cast<std::size_t>(lock_order[i].rank) != i || !lock_order[i].may_be_held.all_below(i))
            return false;
    }
    return true;
}
static_assert(lock_order_is_one(), "each rank stands in its place, and below those that may be held");

#if defined(GANGWAY_LOCKRANK)
// A lock's rank, and the calls around taking and releasing it.
class rank_check {
public:
    constexpr explicit rank_check(lock_rank rank) : rank_(rank) {}
    void taking(const void* lock) const;  // before it waits
    void taken(const void* lock) const;   // by try_lock
    void releasing() const;

private:
    lock_rank rank_;
};
#else
class rank_check {
public:
    constexpr explicit rank_check(lock_rank) {}
    void taking(const void*) const {}
    void taken(const void*) const {}
    void releasing() const {}
};
#endif

// A std::mutex in the order: what is taken at start-up only.
class ranked_mutex {
public:
    constexpr explicit ranked_mutex(lock_rank rank) : rank_(rank) {}
    void lock() {
        rank_.taking(this);
        mutex_.lock();
    }
    void unlock() {
        rank_.releasing();
        mutex_.unlock();
    }

private:
    std::mutex mutex_;
    [[no_unique_address]] rank_check rank_;
};

}  // namespace gangway::runtime
