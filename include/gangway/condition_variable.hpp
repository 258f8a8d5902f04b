// SPDX-License-Identifier: BSD-3-Clause
// Waiting for a condition on what a lock guards.
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>

#include <gangway/detail/export.hpp>
#include <gangway/detail/timer_ref.hpp>
#include <gangway/detail/waiter_list.hpp>

namespace gangway {

// std's, for std::unique_lock<gangway::mutex>, and for any other lock that a goroutine may keep while it goes from thread
// to thread: std::shared_lock<gangway::shared_mutex>, gangway::mutex itself. Those that wait are woken in the order in
// which they came, none without a notify, and a notify is for those that waited when it was called: nobody who comes
// later can take it. It may be destroyed when all that waited have been notified, before they have returned.
class condition_variable {
public:
    constexpr condition_variable() noexcept = default;
    condition_variable(const condition_variable&) = delete;
    condition_variable& operator=(const condition_variable&) = delete;

    // Unlocks the lock, parks until notified, locks it again. Any thread; may return on another. Throws
    // what lock.unlock() throws; then it has not waited.
    template <class Lock>
    void wait(Lock& lock) {
        wait_by("condition_variable::wait", lock, detail::no_deadline);
    }
    template <class Lock, std::predicate Predicate>
    void wait(Lock& lock, Predicate stop_waiting) {
        while (!stop_waiting()) wait(lock);
    }

    // The same, but not for longer than until t, or d. Throws std::bad_alloc and std::system_error too, where there is
    // no memory or descriptor for its timer; then it has not waited. A notify_one() is not lost on one whose time is
    // over: either it was notified, or another is.
    template <class Lock, class Clock, class Duration>
    std::cv_status wait_until(Lock& lock, std::chrono::time_point<Clock, Duration> t) {
        const bool notified = wait_by("condition_variable::wait_until", lock, detail::deadline_of(t));
        return notified || Clock::now() < t ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    template <class Lock, class Rep, class Period>
    std::cv_status wait_for(Lock& lock, std::chrono::duration<Rep, Period> d) {
        const bool notified = wait_by("condition_variable::wait_for", lock, detail::deadline_of(d));
        return notified ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    // What stop_waiting says at the end.
    template <class Lock, class Clock, class Duration, std::predicate Predicate>
    bool wait_until(Lock& lock, std::chrono::time_point<Clock, Duration> t, Predicate stop_waiting) {
        while (!stop_waiting()) {
            if (wait_until(lock, t) == std::cv_status::timeout) return stop_waiting();
        }
        return true;
    }
    template <class Lock, class Rep, class Period, std::predicate Predicate>
    bool wait_for(Lock& lock, std::chrono::duration<Rep, Period> d, Predicate stop_waiting) {
        const std::int64_t when = detail::deadline_of(d);
        while (!stop_waiting()) {
            if (!wait_by("condition_variable::wait_for", lock, when)) return stop_waiting();
        }
        return true;
    }

    // Wakes the one that has waited longest; all of them. Any thread, with the lock or without; never parks.
    GANGWAY_API void notify_one() noexcept;
    GANGWAY_API void notify_all() noexcept;

private:
    template <class Lock>
    bool wait_by(const char* what, Lock& lock, std::int64_t when) {
        static_assert(!std::is_same_v<Lock, std::unique_lock<std::mutex>>,
                      "std::mutex belongs to a thread, and wait() may return on another: use gangway::mutex");
        const bool notified = wait_unlocked(
            what, [](void* l) { static_cast<Lock*>(l)->unlock(); }, std::addressof(lock), when);
        lock.lock();
        return notified;
    }
    GANGWAY_API bool wait_unlocked(const char* what, void (*unlock)(void*), void* lock, std::int64_t when);
    void notify(std::ptrdiff_t n) noexcept;

    detail::waiter_list waiters_;
};

}  // namespace gangway
