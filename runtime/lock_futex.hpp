// SPDX-License-Identifier: BSD-3-Clause
// What blocks the m and not the g: locks for a few instructions, and one-shot notes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/atomic.hpp"
#include "runtime/chaos_window.hpp"
#include "runtime/fence.hpp"
#include "runtime/lockrank.hpp"
#include "runtime/tls.hpp"

namespace gangway::runtime {

// How many wait for a lock, by its address. Apart from the locks: see L4.
constexpr std::size_t lock_waiter_slots = 64;
[[gnu::visibility("hidden")]] extern std::atomic<std::uint32_t> lock_waiters[lock_waiter_slots];

// A lock that costs one locked instruction: unlock has none.
//
//  L1 locked_ is 1 while it is held. Taking it acquires, unlock's store releases.
//  L2 unlock stores locked_, then looks whether anybody waits; a waiter counts itself first, then looks at locked_ once
//     more before it sleeps. Between the two stands the asymmetric fence (F1): unlock sees the waiter and wakes one, or
//     the waiter sees the lock free. Without it a waiter could sleep beside a free lock for ever.
//  L3 A waiter stays counted until it has the lock, so an m that barges in between wakes it again.
//  L4 unlock's store is its last touch of the lock: the next holder may free the memory (a channel whose last handle
//     goes with the goroutine that the unlocker has just let go on). So the count of waiters is not in the lock but in a
//     table, shared with other locks; a wake-up for another lock of the same slot, or for memory that is something else
//     by now, is one that the sleepers there take for spurious.
//
// Not recursive, not fair. Nothing that parks may run while it is held, and its holder is not preempted (P3 in
// preempt.hpp). Who parks with it held leaves it to unlockf, which runs on the same thread. Which may be
// held while another is taken: lockrank.hpp.
class m_lock {
public:
    constexpr explicit m_lock(lock_rank rank) : rank_(rank) {}
    m_lock(const m_lock&) = delete;
    m_lock& operator=(const m_lock&) = delete;

    void lock() {
        acquirem();
        rank_.taking(this);
        if (!take()) [[unlikely]]
            lock_slow();
    }
    bool try_lock() {
        acquirem();
        if (take()) {
            rank_.taken(this);
            return true;
        }
        releasem();
        return false;
    }
    void unlock() {
        rank_.releasing();
        std::atomic<std::uint32_t>& waiters = waiters_of(this);
        store_release(locked_, 0);
        light_fence();  // L2
        chaos_window();
        if (load_relaxed(waiters) != 0) [[unlikely]]
            wake_one();  // L4: only the address is used
        releasem();
    }

private:
    bool take() { return cas_acquire(locked_, 0, 1); }
    static std::atomic<std::uint32_t>& waiters_of(const m_lock* l) {
        auto a = reinterpret_cast<std::uintptr_t>(l);
        return lock_waiters[(a >> 4 ^ a >> 12) % lock_waiter_slots];
    }
    void lock_slow();
    void wake_one();

    std::atomic<std::uint32_t> locked_{0};
    [[no_unique_address]] rank_check rank_;
};

#if !defined(GANGWAY_LOCKRANK)
static_assert(sizeof(m_lock) == sizeof(std::uint32_t));
#endif

// An m sleeps on it until somebody wakes it, once; a wake-up may come first. One sleeper, one waker, then clear.
class note {
public:
    void clear() { store_relaxed(key_, 0); }
    // What the waker wrote before is visible to the sleeper after.
    void wakeup();
    void sleep();
    // False when ns passed first. The note is then still armed: a wake-up may come yet.
    bool sleep_for(std::int64_t ns);
    bool woken() const { return load_acquire(key_) == 1; }

private:
    std::atomic<std::uint32_t> key_{0};
};

// Sleeps while *word == expected; spurious returns are the caller's to handle. ns < 0: no limit.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t ns);
void futex_wake(std::atomic<std::uint32_t>& word, int count);

std::int64_t nanotime();  // CLOCK_MONOTONIC

inline void cpu_relax() {
    asm volatile("pause" : : : "memory");
}

}  // namespace gangway::runtime
