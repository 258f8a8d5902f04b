// SPDX-License-Identifier: BSD-3-Clause
// A lock that parks the goroutine and not its thread.
#pragma once

#include <atomic>
#include <cstdint>

#include <gangway/detail/export.hpp>

namespace gangway {

namespace runtime {
enum class wait_reason : std::uint8_t;
}

// std's Lockable. Fair in the long run: a waiter that has waited for 1 ms gets the lock handed over. Not owned by a
// goroutine: another may unlock it. Any thread; lock() may park and return on another. unlock() waits for nobody, but
// yields to a waiter that it hands the lock to, so it may return on another thread. Unlocking an unlocked mutex is fatal.
// As std's it may be destroyed by who had it last, though the unlock() before has not returned yet. 8 bytes.
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
        std::int32_t alone = mutex_locked;
        if (!state_.compare_exchange_strong(alone, 0, std::memory_order_release, std::memory_order_relaxed))
            [[unlikely]]
            unlock_slow(alone);
    }

private:
    // state_: bit 0 locked, bit 1 a waiter is awake and trying, bit 2 starving: the lock is handed over; above: waiters.
    static constexpr std::int32_t mutex_locked = 1;
    static constexpr std::int32_t mutex_woken = 2;
    static constexpr std::int32_t mutex_starving = 4;
    static constexpr int mutex_waiter_shift = 3;

    friend class once_flag;
    friend class shared_mutex;

    GANGWAY_API void lock_slow();
    // What errors and stacks() call it.
    void lock_slow(const char* what, runtime::wait_reason why);
    GANGWAY_API void unlock_slow(std::int32_t old);

    std::atomic<std::int32_t> state_{0};
    std::atomic<std::uint32_t> sema_{0};
};

}  // namespace gangway
