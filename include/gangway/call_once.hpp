// SPDX-License-Identifier: BSD-3-Clause
// Doing something once, whoever comes first.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

#include <gangway/detail/export.hpp>
#include <gangway/mutex.hpp>

namespace gangway {

class once_flag {
public:
    constexpr once_flag() noexcept = default;
    once_flag(const once_flag&) = delete;
    once_flag& operator=(const once_flag&) = delete;

private:
    template <class F, class... A>
    friend void call_once(once_flag& flag, F&& f, A&&... args);

    GANGWAY_API void lock();

    std::atomic<bool> done_{false};
    mutex running_;
};

// f(args...), unless a call with this flag has returned before. Those that come while it runs wait for its end: they
// park and may return on another thread. When it throws, or ends its goroutine, the next of them runs its own, and the
// exception comes out here.
// Any thread. f must not use the same flag: it would wait for itself.
template <class F, class... A>
void call_once(once_flag& flag, F&& f, A&&... args) {
    // Acquire: what f did, from the release below.
    if (flag.done_.load(std::memory_order_acquire)) [[likely]]
        return;
    flag.lock();
    std::lock_guard<mutex> running(flag.running_, std::adopt_lock);
    if (flag.done_.load(std::memory_order_relaxed)) return;
    std::invoke(std::forward<F>(f), std::forward<A>(args)...);
    flag.done_.store(true, std::memory_order_release);
}

}  // namespace gangway
