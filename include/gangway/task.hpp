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
    friend auto spawn(F&& f, A&&... args)
        -> task<std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>>;

    struct state {
        detail::outcome<R> out;
        bool returned = false;
        wait_group ended;
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
    t.state_->ended.add(1);
    auto body = [](std::shared_ptr<typename task<R>::state> s,
                   detail::bound_call<std::decay_t<F>, std::decay_t<A>...> call) {
        struct at_end {
            typename task<R>::state& s;
            ~at_end() { s.ended.done(); }
        } done_after{*s};
        s->out.from([&]() -> R { return call(); });
        s->returned = true;
    };
    try {
        detail::newproc(std::move(body), t.state_,
                        detail::bound_call<std::decay_t<F>, std::decay_t<A>...>(std::forward<F>(f),
                                                                                std::forward<A>(args)...));
    } catch (...) {
        t.state_.reset();
        throw;
    }
    return t;
}

}  // namespace gangway
