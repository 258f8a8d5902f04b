// SPDX-License-Identifier: BSD-3-Clause
// What time.hpp and select.hpp share: durations in ns, and a handle on one of the runtime's timers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>

namespace gangway::detail {

using nanoseconds = std::chrono::nanoseconds;

// What a duration or a time is in ns, saturated at both ends.
template <class Rep, class Period>
std::int64_t saturated_ns(std::chrono::duration<Rep, Period> d) {
    using seconds = std::chrono::duration<long double>;
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (seconds(d) >= seconds(nanoseconds(most))) return most;
    if (seconds(d) <= seconds(nanoseconds(-most))) return -most;
    return std::chrono::ceil<nanoseconds>(d).count();
}

// When a duration has passed, and a time: in ns of steady_clock. Of another clock's time, by what that clock says now.
constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();

template <class Rep, class Period>
std::int64_t deadline_of(std::chrono::duration<Rep, Period> d) {
    const std::int64_t in = saturated_ns(d);
    const std::int64_t now = nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
    if (in <= 0) return now;
    return in < no_deadline - now ? now + in : no_deadline;
}
template <class Clock, class Duration>
std::int64_t deadline_of(std::chrono::time_point<Clock, Duration> t) {
    if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
        return saturated_ns(t.time_since_epoch());
    } else {
        return deadline_of(t - Clock::now());
    }
}

GANGWAY_API void sleep_ns(std::int64_t ns);

// A timer of the runtime's; one reference is the owner's, one the runtime's while it is pending or firing.
struct timer_state;
GANGWAY_API timer_state* make_timer(std::function<void()> fire);  // fire: must not park
GANGWAY_API void retain_timer(timer_state* t) noexcept;
GANGWAY_API void release_timer(timer_state* t) noexcept;
// (Re)starts it. period 0: once. True: it was pending.
GANGWAY_API bool start_timer(timer_state* t, std::int64_t in_ns, std::int64_t period_ns);
GANGWAY_API bool stop_timer(timer_state* t);
GANGWAY_API void drop_timer(timer_state* t) noexcept;  // stops it and gives the owner's reference up

class timer_ref {
public:
    explicit timer_ref(std::function<void()> fire) : t_(make_timer(std::move(fire))) {}
    timer_ref(timer_ref&& other) noexcept : t_(std::exchange(other.t_, nullptr)) {}
    timer_ref& operator=(timer_ref&& other) noexcept {
        std::swap(t_, other.t_);
        return *this;
    }
    ~timer_ref() {
        if (t_ != nullptr) drop_timer(t_);
    }
    bool start(std::int64_t in_ns, std::int64_t period_ns = 0) { return start_timer(t_, in_ns, period_ns); }
    bool stop() { return t_ != nullptr && stop_timer(t_); }

private:
    timer_state* t_;
};

using time_point = std::chrono::steady_clock::time_point;
}  // namespace gangway::detail
