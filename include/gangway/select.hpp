// SPDX-License-Identifier: BSD-3-Clause
// Waiting for the first of several channel operations.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gangway/chan.hpp>
#include <gangway/detail/export.hpp>
#include <gangway/detail/timer_ref.hpp>

namespace gangway {

namespace detail {

// One operation: a send from elem, or a receive into it.
struct select_op {
    hchan* c;
    void* elem;
    bool send;
};

struct select_result {
    std::size_t index;  // of the operation that took place
    chan_result how;    // would_block: none did, and block was false
};

// Does one of those that can go on, chosen at random; parks until one can when `block`.
GANGWAY_API select_result selectgo(const select_op* ops, std::size_t n, bool block);

// C: chan<T>, a handle of the case's own, or const chan<T>&, the caller's: a handle costs two locked instructions.
template <class C, class T, class F>
struct recv_case {
    static constexpr bool is_op = true;
    C ch;
    F f;
    typename chan<T>::room value{};

    select_op op() { return {ch.c_, value.at(), false}; }
    void run(chan_result how) {
        std::optional<T> got;
        if (how != chan_result::closed) got.emplace(value.take());
        f(std::move(got));
    }
};

template <class C, class T, class F>
struct send_case {
    static constexpr bool is_op = true;
    using elem = chan_elem<T>;
    C ch;
    elem value;
    F f;

    select_op op() { return {ch.c_, std::addressof(value), true}; }
    void run(chan_result how) {
        if (how == chan_result::closed) throw channel_closed("gangway::select: send on closed channel");
        f();
    }
};

template <class F>
struct timeout_case {
    static constexpr bool is_op = true;
    std::int64_t ns;
    F f;
    chan<time_point> fired{1};
    typename chan<time_point>::room value{};

    select_op op() { return {fired.c_, value.at(), false}; }
    void run(chan_result) { f(); }
    timer_ref start() {
        timer_ref t([at = fired]() mutable {
            time_point now = std::chrono::steady_clock::now();
            at.try_send(now);
        });
        t.start(ns);
        return t;
    }
};

template <class F>
struct default_case {
    static constexpr bool is_op = false;
    F f;
    void run(chan_result) { f(); }
};

template <class C>
inline constexpr bool is_timeout = false;
template <class F>
inline constexpr bool is_timeout<timeout_case<F>> = true;

template <class C>
std::optional<timer_ref> start_if_timeout(C& c) {
    if constexpr (is_timeout<C>) {
        return c.start();
    } else {
        return std::nullopt;
    }
}

template <class... C>
class selection {
    static constexpr std::size_t n = sizeof...(C);
    static constexpr std::array<bool, n> is_op{C::is_op...};
    static constexpr std::size_t nops = (std::size_t{C::is_op} + ... + 0);
    static constexpr bool has_default = nops != n;
    static constexpr bool has_timeout = (is_timeout<C> || ...);
    static_assert(n - nops <= 1, "select: more than one on_default");

public:
    explicit selection(C&... cases) : cases_(cases...) {
        std::size_t k = 0, position = 0;
        std::apply([&](C&... c) { (add(c, k, position), ...); }, cases_);
    }

    std::size_t run() {
        // Timers are started only where nothing is ready at once.
        if constexpr (has_default || has_timeout) {
            select_result r = selectgo(ops_.data(), nops, false);
            if (r.how != chan_result::would_block) return finish(position_[r.index], r.how);
        }
        if constexpr (has_default) {
            return finish(default_position(), chan_result::done);
        } else {
            [[maybe_unused]] auto timers =
                std::apply([](C&... c) { return std::make_tuple(start_if_timeout(c)...); }, cases_);
            select_result r = selectgo(ops_.data(), nops, true);
            return finish(position_[r.index], r.how);
        }
    }

private:
    template <class Case>
    void add(Case& c, std::size_t& k, std::size_t& position) {
        if constexpr (Case::is_op) {
            ops_[k] = c.op();
            position_[k++] = position;
        }
        position++;
    }

    static constexpr std::size_t default_position() {
        std::size_t i = 0;
        while (i < n && is_op[i]) i++;
        return i;
    }

    std::size_t finish(std::size_t position, chan_result how) {
        std::size_t i = 0;
        std::apply([&](C&... c) { ((i++ == position ? c.run(how) : void()), ...); }, cases_);
        return position;
    }

    std::tuple<C&...> cases_;
    std::array<select_op, nops + 1> ops_{};
    std::array<std::size_t, nops + 1> position_{};
};

}  // namespace detail

namespace detail {

template <class C, class T, class V, class F>
auto make_send_case(C&& ch, V&& value, F&& f) {
    if constexpr (std::is_same_v<chan_elem<T>, T>) {
        return send_case<C, T, std::decay_t<F>>{std::forward<C>(ch), T(std::forward<V>(value)),
                                                std::forward<F>(f)};
    } else {
        return send_case<C, T, std::decay_t<F>>{std::forward<C>(ch), std::make_unique<T>(std::forward<V>(value)),
                                                std::forward<F>(f)};
    }
}

}  // namespace detail

// The cases of select. A channel that is given by its name must be there until the select is over, as for recv() and
// send(); of one that is a temporary the case keeps a handle.

// f gets std::optional<T>: nullopt once the channel is closed and drained.
template <class T, class F>
auto on_recv(const chan<T>& ch, F&& f) {
    return detail::recv_case<const chan<T>&, T, std::decay_t<F>>{ch, std::forward<F>(f)};
}
template <class T, class F>
auto on_recv(chan<T>&& ch, F&& f) {
    return detail::recv_case<chan<T>, T, std::decay_t<F>>{std::move(ch), std::forward<F>(f)};
}
// f gets nothing. The value is gone if another case runs.
template <class T, class V, class F>
auto on_send(const chan<T>& ch, V&& value, F&& f) {
    return detail::make_send_case<const chan<T>&, T>(ch, std::forward<V>(value), std::forward<F>(f));
}
template <class T, class V, class F>
auto on_send(chan<T>&& ch, V&& value, F&& f) {
    return detail::make_send_case<chan<T>, T>(std::move(ch), std::forward<V>(value), std::forward<F>(f));
}
// After d without any other.
template <class Rep, class Period, class F>
auto on_timeout(std::chrono::duration<Rep, Period> d, F&& f) {
    return detail::timeout_case<std::decay_t<F>>{detail::saturated_ns(d), std::forward<F>(f)};
}
// At once, where no other can go on; at most one.
template <class F>
auto on_default(F&& f) {
    return detail::default_case<std::decay_t<F>>{std::forward<F>(f)};
}

// Waits until one of the cases can go on, does it, and runs its function: select(on_recv(a, f), on_send(b, 1, g), ...).
// One of several that can is chosen at random. Returns the position of the one that ran. May park, and return on another
// thread. Throws channel_closed where it is a send on a closed channel, and what the function throws. Without cases it
// parks for ever.
template <class... C>
std::size_t select(C... cases) {
    return detail::selection<C...>(cases...).run();
}

}  // namespace gangway
