// SPDX-License-Identifier: BSD-3-Clause
// Locks that park the goroutine and not its thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>
#include <gangway/detail/newproc.hpp>

namespace gangway {

// std's Lockable. Fair in the long run: a waiter that has waited for 1 ms gets the lock handed over. Not owned by a
// goroutine: another may unlock it. lock() may park and return on another thread; it throws std::logic_error where
// it would park a thread that the runtime did not make. Unlocking an unlocked mutex is fatal. 8 bytes.
class mutex {
public:
    constexpr mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    void lock() {
        std::int32_t unlocked = 0;
        if (!state_.compare_exchange_strong(unlocked, mutex_locked, std::memory_order_acquire,
                                            std::memory_order_relaxed)) [[unlikely]]
            lock_slow();
    }
    bool try_lock() noexcept {
        std::int32_t old = state_.load(std::memory_order_relaxed);
        return (old & (mutex_locked | mutex_starving)) == 0 &&
               state_.compare_exchange_strong(old, old | mutex_locked, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    void unlock() {
        std::int32_t left = state_.fetch_sub(mutex_locked, std::memory_order_release) - mutex_locked;
        if (left != 0) [[unlikely]]
            unlock_slow(left);
    }

private:
    // state_: bit 0 locked, bit 1 a waiter is awake and trying, bit 2 starving: the lock is handed over; above: waiters.
    static constexpr std::int32_t mutex_locked = 1;
    static constexpr std::int32_t mutex_woken = 2;
    static constexpr std::int32_t mutex_starving = 4;
    static constexpr int mutex_waiter_shift = 3;

    GANGWAY_API void lock_slow();
    GANGWAY_API void unlock_slow(std::int32_t left);

    std::atomic<std::int32_t> state_{0};
    std::atomic<std::uint32_t> sema_{0};
};

// Counts what is still to come and lets others wait for zero. add() and done() from any thread; wait() parks, and
// throws std::logic_error on a thread that the runtime did not make when it would. A count below zero throws
// std::logic_error.
class wait_group {
public:
    constexpr wait_group() noexcept = default;
    wait_group(const wait_group&) = delete;
    wait_group& operator=(const wait_group&) = delete;

    GANGWAY_API void add(int n = 1);
    void done() { add(-1); }
    GANGWAY_API void wait();

    // add(1), then f in a goroutine of its own, then done(), when f has ended however and what it captured is gone.
    template <class F>
    void go(F&& f) {
        const std::decay_t<F>& as_stored = f;
        detail::reject_null(as_stored);
        detail::newproc_of<detail::with_token<counted, std::decay_t<F>>>(this, std::forward<F>(f));
    }

private:
    struct counted {
        wait_group* wg;
        explicit counted(wait_group* of) : wg(of) { wg->add(1); }
        counted(const counted&) = delete;
        counted& operator=(const counted&) = delete;
        ~counted() { wg->done(); }
    };

    std::atomic<std::uint64_t> state_{0};  // high half: the count; low half: how many wait
    std::atomic<std::uint32_t> sema_{0};
};

}  // namespace gangway
