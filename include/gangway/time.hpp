// SPDX-License-Identifier: BSD-3-Clause
// Sleeping, timers and tickers. Times are of std::chrono::steady_clock; a time later than it can hold is never.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <gangway/chan.hpp>
#include <gangway/detail/export.hpp>
#include <gangway/detail/newproc.hpp>
#include <gangway/detail/timer_ref.hpp>

namespace gangway {

namespace detail {
[[noreturn]] GANGWAY_API void throw_bad_period(std::int64_t ns);
}

// Parks the goroutine for at least d. Zero or less: yields. On a thread that runs no goroutine, and inside C, the thread
// sleeps.
template <class Rep, class Period>
void sleep_for(std::chrono::duration<Rep, Period> d) {
    detail::sleep_ns(detail::saturated_ns(d));
}

// The same until t. A clock that is set back or forth meanwhile is looked at again.
template <class Clock, class Duration>
void sleep_until(std::chrono::time_point<Clock, Duration> t) {
    for (auto now = Clock::now(); now < t; now = Clock::now()) sleep_for(t - now);
}

// A channel of capacity 1 that gets the time once, after d. Any thread; never parks.
template <class Rep, class Period>
chan<std::chrono::steady_clock::time_point> after(std::chrono::duration<Rep, Period> d) {
    chan<detail::time_point> at(1);
    detail::timer_state* t = detail::make_timer([at]() mutable {
        detail::time_point now = std::chrono::steady_clock::now();
        at.try_send(now);
    });
    detail::start_timer(t, detail::saturated_ns(d), 0);
    detail::release_timer(t);  // the runtime keeps it until it has fired
    return at;
}

// Runs f in a goroutine of its own, once, after d. Moves, does not copy; the destructor stops it. Any thread; never
// parks.
class timer {
public:
    template <class Rep, class Period, class F>
    timer(std::chrono::duration<Rep, Period> d, F&& f)
        : ref_([run = std::make_shared<std::decay_t<F>>(std::forward<F>(f))] {
              detail::newproc([run] { (*run)(); });
          }) {
        ref_.start(detail::saturated_ns(d));
    }
    timer(timer&&) noexcept = default;
    timer& operator=(timer&&) noexcept = default;

    // True: f will not run for this start. False: its goroutine has been started, or it was stopped before.
    bool stop() { return ref_.stop(); }
    // Starts it anew, to run f after d. True: it was pending; false: it had run or been stopped.
    template <class Rep, class Period>
    bool reset(std::chrono::duration<Rep, Period> d) {
        return ref_.start(detail::saturated_ns(d));
    }

private:
    detail::timer_ref ref_;
};

// Sends the time on channel() every d, from d after now on. A receiver that is slow misses ticks: one waits at the
// most. Throws std::invalid_argument for a d that is not above zero. The destructor stops it; the channel stays open.
class ticker {
public:
    template <class Rep, class Period>
    explicit ticker(std::chrono::duration<Rep, Period> d) : ticker(detail::saturated_ns(d)) {}
    ticker(ticker&&) noexcept = default;
    ticker& operator=(ticker&&) noexcept = default;

    chan<std::chrono::steady_clock::time_point> channel() const { return ticks_; }
    void stop() { ref_.stop(); }
    template <class Rep, class Period>
    void reset(std::chrono::duration<Rep, Period> d) {
        start(detail::saturated_ns(d));
    }

private:
    explicit ticker(std::int64_t ns)
        : ref_([at = ticks_]() mutable {
              detail::time_point now = std::chrono::steady_clock::now();
              at.try_send(now);
          }) {
        start(ns);
    }
    void start(std::int64_t ns) {
        if (ns <= 0) detail::throw_bad_period(ns);
        ref_.start(ns, ns);
    }

    chan<detail::time_point> ticks_{1};
    detail::timer_ref ref_;
};

}  // namespace gangway
