// SPDX-License-Identifier: BSD-3-Clause
// A number of permits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <gangway/detail/export.hpp>
#include <gangway/detail/timer_ref.hpp>
#include <gangway/detail/waiter_list.hpp>

namespace gangway {

// Like std::counting_semaphore. First come, first served: a permit that is released while others wait goes to the first
// of them, and nobody who comes later can take it. It may be destroyed as soon as nobody waits and no acquire() is to
// come, even while the release() that ended the last wait has not returned.
class semaphore {
public:
    static constexpr std::ptrdiff_t max() noexcept { return PTRDIFF_MAX / 2; }

    // n permits. Throws std::invalid_argument unless 0 <= n <= max().
    explicit constexpr semaphore(std::ptrdiff_t n) : state_(permits(n)) {
        if (n < 0 || n > max()) reject("semaphore: n", n, max());
    }
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    // Takes a permit; parks until there is one, and may return on another thread. Any thread.
    void acquire() {
        if (!try_acquire()) acquire_slow("semaphore::acquire", detail::no_deadline);
    }
    // False where acquire() would park. Any thread.
    bool try_acquire() noexcept {
        std::uint64_t old = state_.load(std::memory_order_relaxed);
        while (old >= one_permit) {
            // Acquire: what was done before the permit was released.
            if (state_.compare_exchange_weak(old, old - one_permit, std::memory_order_acquire,
                                             std::memory_order_relaxed))
                return true;
        }
        return false;
    }
    // acquire() that gives up after d, or at t: false then. Does not park when it need not wait, nor when the time is over
    // already. Throws std::bad_alloc and std::system_error too, where there is no memory or descriptor for its timer.
    template <class Rep, class Period>
    bool try_acquire_for(std::chrono::duration<Rep, Period> d) {
        return try_acquire() ||
               (d > d.zero() && acquire_slow("semaphore::try_acquire_for", detail::deadline_of(d)));
    }
    template <class Clock, class Duration>
    bool try_acquire_until(std::chrono::time_point<Clock, Duration> t) {
        while (!try_acquire()) {
            if (Clock::now() >= t) return false;
            if (acquire_slow("semaphore::try_acquire_until", detail::deadline_of(t))) return true;
        }
        return true;
    }
    // Gives k permits. Any thread; never parks. Throws std::invalid_argument unless 0 <= k and there are at most max()
    // permits then; nothing was released then.
    void release(std::ptrdiff_t k = 1) {
        std::uint64_t old = state_.load(std::memory_order_relaxed);
        if (k < 0 || (old & waited_for) != 0 || k > max() - free_of(old) ||
            !state_.compare_exchange_strong(old, old + permits(k), std::memory_order_release,
                                            std::memory_order_relaxed)) [[unlikely]]
            release_slow(k);
    }

private:
    // state_: bit 0 somebody may wait, and then there is no permit; above: the permits that are free.
    static constexpr std::uint64_t waited_for = 1;
    static constexpr std::uint64_t one_permit = 2;
    static constexpr std::uint64_t permits(std::ptrdiff_t n) { return static_cast<std::uint64_t>(n) * one_permit; }
    static constexpr std::ptrdiff_t free_of(std::uint64_t state) {
        return static_cast<std::ptrdiff_t>(state / one_permit);
    }

    [[noreturn]] GANGWAY_API static void reject(const char* what, std::ptrdiff_t n, std::ptrdiff_t highest);
    GANGWAY_API bool acquire_slow(const char* what, std::int64_t when);
    GANGWAY_API void release_slow(std::ptrdiff_t k);

    std::atomic<std::uint64_t> state_;
    detail::waiter_list waiters_;
};

}  // namespace gangway
