// SPDX-License-Identifier: BSD-3-Clause
// A lock that many readers or one writer hold.
#pragma once

#include <atomic>
#include <cstdint>

#include <gangway/detail/export.hpp>
#include <gangway/mutex.hpp>

namespace gangway {

// std's SharedLockable: std::shared_lock for readers, std::lock_guard for writers. A writer that waits keeps new
// readers out, and when it unlocks, the readers that came meanwhile go before the next writer: neither starves. So a
// goroutine that holds it shared must not lock it shared once more: a writer in between would wait for the first,
// and the second for that writer. No upgrading.
// Not owned by a goroutine: another may unlock it. Any thread; lock() and lock_shared() may park and return on another.
// Unlocking what is not locked so is fatal. Destroyed when no call on it is under way.
class shared_mutex {
public:
    constexpr shared_mutex() noexcept = default;
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;

    void lock() {
        if (!try_lock()) lock_slow();
    }
    bool try_lock() noexcept {
        if (!writers_.try_lock()) return false;
        std::uint64_t old = state_.load(std::memory_order_relaxed);
        if (readers_of(old) == 0 && state_.compare_exchange_strong(old, old + writer, std::memory_order_acquire,
                                                                   std::memory_order_relaxed))
            return true;
        writers_.unlock();
        return false;
    }
    GANGWAY_API void unlock();

    void lock_shared() {
        std::uint64_t now = state_.fetch_add(1, std::memory_order_acquire) + 1;
        if ((now & writer) != 0) [[unlikely]]
            lock_shared_slow();
    }
    bool try_lock_shared() noexcept {
        std::uint64_t old = state_.load(std::memory_order_relaxed);
        while ((old & writer) == 0) {
            if (state_.compare_exchange_weak(old, old + 1, std::memory_order_acquire, std::memory_order_relaxed))
                return true;
        }
        return false;
    }
    void unlock_shared() {
        std::uint64_t old = state_.fetch_sub(1, std::memory_order_release);
        if ((old & writer) != 0 || readers_of(old) == 0) [[unlikely]]
            unlock_shared_slow(old);
    }

private:
    // state_: the low half counts the readers, those that wait behind a writer included; the high half is what a
    // writer adds one to when it comes and when it goes, so it is odd while one is there, and never the same again.
    static constexpr std::uint64_t writer = std::uint64_t{1} << 32;
    static constexpr std::uint32_t readers_of(std::uint64_t state) { return static_cast<std::uint32_t>(state); }

    GANGWAY_API void lock_slow();
    GANGWAY_API void lock_shared_slow();
    GANGWAY_API void unlock_shared_slow(std::uint64_t old);

    std::atomic<std::uint64_t> state_{0};
    mutex writers_;                              // held by the writer that is there
    std::atomic<std::uint32_t> reader_wait_{0};  // readers that this writer still waits for
    std::atomic<std::uint32_t> reader_sema_{0};
    std::atomic<std::uint32_t> writer_sema_{0};
};

}  // namespace gangway
