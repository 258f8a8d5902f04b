// SPDX-License-Identifier: BSD-3-Clause
// How go() hands a callable to the runtime: the runtime lends room on the new goroutine's own stack,
// the callable is moved there, and the goroutine is made runnable. So starting one allocates nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>

namespace gangway::detail {

struct goroutine_slot {
    void* g;     // the goroutine that is being made; nobody else knows it yet
    void* room;  // size bytes on its stack, or null when the callable is too large for it
};

// Any thread. May yield and so return on another one. Throws std::bad_alloc when no address space is left for a stack.
GANGWAY_API goroutine_slot newproc_begin(std::size_t size, std::size_t align);
// Makes the goroutine runnable; it starts with entry(arg).
GANGWAY_API void newproc_commit(goroutine_slot slot, void (*entry)(void*), void* arg) noexcept;
// The same, of one that is to stay on the thread of that m (runtime/bound.hpp).
GANGWAY_API void newproc_commit_to(void* m, goroutine_slot slot, void (*entry)(void*), void* arg) noexcept;
// Gives the goroutine back unstarted.
GANGWAY_API void newproc_abort(goroutine_slot slot) noexcept;

// fatal error: `text`, and every goroutine's trace.
[[noreturn]] GANGWAY_API void fatal(const char* text) noexcept;

// A callable with its arguments, decayed and owned as std::thread does.
template <class F, class... A>
struct bound_call {
    std::tuple<F, A...> parts;

    template <class... U>
    explicit bound_call(U&&... u) : parts(std::forward<U>(u)...) {}

    decltype(auto) operator()() {
        return std::apply(
            [](F& f, A&... a) -> decltype(auto) { return std::invoke(std::move(f), std::move(a)...); }, parts);
    }
};

template <class Call>
void enter_in_place(void* at) {
    struct scope {
        Call* call;
        ~scope() { call->~Call(); }
    } owned{static_cast<Call*>(at)};
    (*owned.call)();
}

template <class Call>
void enter_from_heap(void* at) {
    std::unique_ptr<Call> owned(static_cast<Call*>(at));
    (*owned)();
}

// A callable and a token that lives longer: what the token's destructor tells others is true once the callable and all
// that it captured are gone.
template <class Token, class F>
struct with_token {
    Token token;
    F f;
    template <class T, class U>
    with_token(T&& t, U&& u) : token(std::forward<T>(t)), f(std::forward<U>(u)) {}
    void operator()() { std::move(f)(); }
};

template <class F>
void reject_null([[maybe_unused]] const F& f) {
    if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F> || requires { bool(f == nullptr); }) {
        if (f == nullptr) fatal("go of nil func value");
    }
}

// Starts a goroutine that runs and destroys a Call made of args, made where it stays. commit: what makes it runnable.
template <class Call, class Commit, class... A>
void newproc_by(Commit& commit, A&&... args) {
    goroutine_slot slot = newproc_begin(sizeof(Call), alignof(Call));
    try {
        if (slot.room != nullptr) {
            Call* c = ::new (slot.room) Call(std::forward<A>(args)...);
            commit(slot, &enter_in_place<Call>, c);
        } else {
            auto c = std::make_unique<Call>(std::forward<A>(args)...);
            commit(slot, &enter_from_heap<Call>, c.release());
        }
    } catch (...) {
        newproc_abort(slot);  // a copy of the callable or of an argument threw; commit does not throw
        throw;
    }
}

template <class Call, class... A>
void newproc_of(A&&... args) {
    newproc_by<Call>(newproc_commit, std::forward<A>(args)...);
}

template <class F, class... A>
void newproc(F&& f, A&&... args) {
    static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<A>...>,
                  "go(f, args...): f cannot be called with these arguments, taken by value");
    const std::decay_t<F>& as_stored = f;
    reject_null(as_stored);
    newproc_of<bound_call<std::decay_t<F>, std::decay_t<A>...>>(std::forward<F>(f), std::forward<A>(args)...);
}

}  // namespace gangway::detail
