// SPDX-License-Identifier: BSD-3-Clause
// A goroutine with a result.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

namespace gangway {

// What spawn() gives: moves, does not copy. The destructor joins and drops an exception.
template <class R>
class task {
public:
    task() = default;
    task(task&&) noexcept = default;
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            wait();
            state_ = std::move(other.state_);
        }
        return *this;
    }
    ~task() { wait(); }

    bool joinable() const noexcept { return state_ != nullptr; }

    // Parks until the goroutine has ended; its result, or its exception. Once. Throws std::runtime_error when it
    // ended by goexit, std::logic_error when there is nothing to join.
    R join() {
        if (!state_) throw std::logic_error("gangway::task::join: no task (joined before, or moved from)");
        std::shared_ptr<state> s = std::move(state_);
        s->ended.wait();
        if (!s->returned) throw std::runtime_error("gangway::task::join: the goroutine called goexit");
        return s->out.take();
    }

private:
    template <class F, class... A>
    friend auto spawn(F&& f, A&&... args) -> task<std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>>;

    struct state {
        detail::outcome<R> out;
        bool returned = false;
        wait_group ended;
    };

    // Its destructor is the goroutine's last act.
    struct ends {
        std::shared_ptr<state> s;
        explicit ends(std::shared_ptr<state> of) : s(std::move(of)) { s->ended.add(1); }
        ends(const ends&) = delete;
        ends& operator=(const ends&) = delete;
        ~ends() { s->ended.done(); }
    };

    template <class Call>
    struct body {
        ends at_end;  // destroyed after call
        Call call;
        template <class... A>
        body(const std::shared_ptr<state>& s, A&&... args) : at_end(s), call(std::forward<A>(args)...) {}
        void operator()() {
            at_end.s->out.from([this]() -> R { return call(); });
            at_end.s->returned = true;
        }
    };

    void wait() noexcept {
        if (state_) std::exchange(state_, nullptr)->ended.wait();
    }

    std::shared_ptr<state> state_;
};

// Starts f(args...) as a goroutine, as go() does, and gives its result through join().
template <class F, class... A>
auto spawn(F&& f, A&&... args) -> task<std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>> {
    using R = std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>;
    const std::decay_t<F>& as_stored = f;
    detail::reject_null(as_stored);

    task<R> t;
    t.state_ = std::make_shared<typename task<R>::state>();
    using call = detail::bound_call<std::decay_t<F>, std::decay_t<A>...>;
    detail::newproc_of<typename task<R>::template body<call>>(t.state_, std::forward<F>(f),
                                                              std::forward<A>(args)...);
    return t;
}

}  // namespace gangway
