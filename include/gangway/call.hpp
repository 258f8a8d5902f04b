// SPDX-License-Identifier: BSD-3-Clause
// Goroutine code calls C.
//
// The call runs on the thread's own big stack (g0), so C may use as much stack as it has on any thread. A call that
// blocks gives its p away: other goroutines go on. C may call back (callback.hpp). After the call the goroutine may be
// on another thread; inside it, and in callbacks from it, the thread is one and the same.
//
// On a thread that runs no goroutine, and inside C, all of these are plain calls.
#pragma once

#include <cerrno>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>

namespace gangway {

// A C function's result and what it left in errno, which was 0 when it was called.
template <class R>
struct errno_result {
    R value;
    int error;
};
template <>
struct errno_result<void> {
    int error;
};

namespace detail {

// How a call crosses. Data that cgocall is given, so that a library's own policy can be one more of these.
enum class call_mode : unsigned char {
    normal,    // the p stays until somebody wants it
    blocking,  // the p is handed over before C runs
};

// What a callee gives back in a register: by way of memory it would cost as much as a change of stacks.
using word = std::uint64_t;

// Both in registers.
struct crossed {
    word result;  // fn's
    bool did;     // false: fn was not run, for there is nothing to cross; the caller makes a plain call
};

// Runs fn(arg) on g0 as a C call, where the caller is on a goroutine's stack. Rethrows what a callback or fn left
// (keep_callee_exception). The normal mode has a door of its own: one function, nothing to decide on the way.
[[nodiscard]] GANGWAY_API crossed cgocall(word (*fn)(void*), void* arg);
[[nodiscard]] GANGWAY_API crossed cgocall_mode(call_mode mode, word (*fn)(void*), void* arg);
// Runs fn(arg) on g0 and does nothing else.
[[nodiscard]] GANGWAY_API crossed leafcall(word (*fn)(void*), void* arg);
// On g0, in a handler: keeps the exception for the cgocall or leafcall that is under way. An unwind by force
// (pthread_exit, pthread_cancel) cannot be kept: fatal, by name.
GANGWAY_API void keep_callee_exception() noexcept;

// Room for one result of type R, filled on g0 and taken on the goroutine.
template <class R>
class result_slot {
public:
    result_slot() {}
    ~result_slot() {
        if (full_) value_.~R();
    }
    result_slot(const result_slot&) = delete;
    result_slot& operator=(const result_slot&) = delete;

    template <class F>
    void fill(F& f) {
        ::new (static_cast<void*>(std::addressof(value_))) R(f());
        full_ = true;
    }
    R take() { return std::move(value_); }

private:
    union {
        R value_;
    };
    bool full_ = false;
};

template <class R>
    requires std::is_trivially_copyable_v<R> && std::is_trivially_destructible_v<R>
class result_slot<R> {
public:
    result_slot() {}
    template <class F>
    void fill(F& f) {
        ::new (static_cast<void*>(std::addressof(value_))) R(f());
    }
    R take() { return value_; }

private:
    union {
        R value_;
    };
};

template <class R>
    requires std::is_reference_v<R>
class result_slot<R> {
public:
    template <class F>
    void fill(F& f) {
        at_ = std::addressof(f());
    }
    R take() { return static_cast<R>(*at_); }

private:
    std::remove_reference_t<R>* at_ = nullptr;
};

template <>
class result_slot<void> {
public:
    template <class F>
    void fill(F& f) {
        f();
    }
    void take() {}
};

template <class R>
concept fits_word =
    (std::is_integral_v<R> || std::is_enum_v<R> || std::is_pointer_v<R>)&&sizeof(R) <= sizeof(word);

// A callable and the way back of its result: as a word where it fits in one, else by the frame.
template <class F>
struct call_frame {
    using result = std::invoke_result_t<F&>;
    F f;
    [[no_unique_address]] result_slot<std::conditional_t<fits_word<result>, void, result>> out{};

    // On g0. Nothing may unwind through the stub onto the goroutine's stack: what the callee throws is kept here and
    // thrown again there.
    static word enter(void* at) {
        auto* self = static_cast<call_frame*>(at);
        if constexpr (std::is_nothrow_invocable_v<F&>) {
            return self->make();
        } else {
            try {
                return self->make();
            } catch (...) {
                keep_callee_exception();
                return 0;
            }
        }
    }
    word make() {
        if constexpr (std::is_pointer_v<result>) {
            return reinterpret_cast<word>(f());
        } else if constexpr (fits_word<result>) {
            return static_cast<word>(f());
        } else {
            out.fill(f);
            return 0;
        }
    }
    result take(word w) {
        if constexpr (std::is_pointer_v<result>) {
            return reinterpret_cast<result>(w);
        } else if constexpr (fits_word<result>) {
            return static_cast<result>(w);
        } else {
            return out.take();
        }
    }
};

// A plain call. Never inlined: C's frame, which may be larger than a goroutine's stack, would be part of the caller's,
// whichever way the call goes. Link-time optimization inlines C, and any compiler a lambda.
template <class F>
[[gnu::noinline]] std::invoke_result_t<F&> stay(F& f) {
    return f();
}

template <class F>
std::invoke_result_t<F&> cross(F f) {
    call_frame<F> frame{std::move(f)};
    const crossed c = cgocall(&call_frame<F>::enter, &frame);
    if (!c.did) [[unlikely]]
        return stay(frame.f);
    return frame.take(c.result);
}

template <class F>
std::invoke_result_t<F&> cross_blocking(F f) {
    call_frame<F> frame{std::move(f)};
    const crossed c = cgocall_mode(call_mode::blocking, &call_frame<F>::enter, &frame);
    if (!c.did) [[unlikely]]
        return stay(frame.f);
    return frame.take(c.result);
}

template <class F>
std::invoke_result_t<F&> cross_leaf(F f) {
    call_frame<F> frame{std::move(f)};
    const crossed c = leafcall(&call_frame<F>::enter, &frame);
    if (!c.did) [[unlikely]]
        return stay(frame.f);
    return frame.take(c.result);
}

// A function's type in parts. Deduced from the pointer: a function type named as a template argument would lose the
// attributes that C headers give, and GCC warns of that.
template <bool Variadic, class R, class... P>
struct signature;

template <class R, class... P>
signature<false, R, P...> signature_of(R (*)(P...));
template <class R, class... P>
signature<true, R, P...> signature_of(R (*)(P..., ...));

// Converts the arguments to the callee's parameter types on the goroutine, where a conversion may do anything, and
// gives `way`, which crosses, a callable that only makes the call.
template <class R, class... P>
struct signature<false, R, P...> {
    using result = R;
    template <auto Fn, class Way>
    static decltype(auto) by(Way way, std::type_identity_t<P>... p) {
        // In the frame itself, where C's side finds them with one load each.
        if constexpr ((std::is_scalar_v<P> && ...)) {
            return way([p...]() noexcept(noexcept(Fn(p...))) -> R { return Fn(p...); });
        } else {
            return way(
                [&]() noexcept(noexcept(Fn(std::forward<P>(p)...))) -> R { return Fn(std::forward<P>(p)...); });
        }
    }
};
// C's variadic functions: what stands for the dots is passed on as it is and promoted by the call itself.
template <class R, class... P>
struct signature<true, R, P...> {
    using result = R;
    template <auto Fn, class Way, class... A>
    static decltype(auto) by(Way way, A&&... args) {
        return way([&]() -> R { return Fn(std::forward<A>(args)...); });
    }
};

template <auto Fn>
using callee = decltype(signature_of(Fn));
template <auto Fn>
concept c_function = requires { signature_of(Fn); };

template <auto Fn>
using callee_result = typename callee<Fn>::result;

// Around a call on g0: errno before and after.
template <class F>
auto with_errno(F& f) {
    using R = std::invoke_result_t<F&>;
    errno = 0;
    if constexpr (std::is_void_v<R>) {
        f();
        return errno_result<void>{errno};
    } else {
        R value = f();
        return errno_result<R>{std::forward<R>(value), errno};
    }
}

}  // namespace detail

// Calls the C function Fn: call<&::sqlite3_step>(stmt), variadic functions too. Goroutine code; elsewhere a plain
// call. May return on another thread. Rethrows what a callback from Fn threw, after Fn has returned, and passes on an
// exception of Fn itself (which wins). Where Fn turns out to block as a rule, calls of it hand the p over at once, as
// blocking_call does.
template <auto Fn, class... A>
    requires detail::c_function<Fn>
detail::callee_result<Fn> call(A&&... args) {
    return detail::callee<Fn>::template by<Fn>(
        [](auto f) -> decltype(auto) { return detail::cross(std::move(f)); }, std::forward<A>(args)...);
}

// The same for a function pointer or a lambda. The whole lambda runs as C on g0, in one crossing: many C calls for
// the price of one, but no operation that parks.
template <class F, class... A>
    requires std::is_invocable_v<F, A...>
std::invoke_result_t<F, A...> call(F&& f, A&&... args) {
    using R = std::invoke_result_t<F, A...>;
    return detail::cross([&]() noexcept(std::is_nothrow_invocable_v<F, A...>) -> R {
        return std::invoke(std::forward<F>(f), std::forward<A>(args)...);
    });
}

// As call, with errno: 0 before the call, read on the same thread right after it.
template <auto Fn, class... A>
    requires detail::c_function<Fn>
errno_result<detail::callee_result<Fn>> call_errno(A&&... args) {
    return detail::callee<Fn>::template by<Fn>(
        [](auto f) { return detail::cross([&]() { return detail::with_errno(f); }); }, std::forward<A>(args)...);
}

template <class F, class... A>
    requires std::is_invocable_v<F, A...>
errno_result<std::invoke_result_t<F, A...>> call_errno(F&& f, A&&... args) {
    using R = std::invoke_result_t<F, A...>;
    auto bound = [&]() -> R { return std::invoke(std::forward<F>(f), std::forward<A>(args)...); };
    return detail::cross([&]() { return detail::with_errno(bound); });
}

// For C that is short, never blocks and never calls back: g0's stack and nothing else. The p is held meanwhile, the
// call is not counted and is no preemption point. A callback from it is fatal, by name.
template <auto Fn, class... A>
    requires detail::c_function<Fn>
detail::callee_result<Fn> leaf_call(A&&... args) {
    return detail::callee<Fn>::template by<Fn>(
        [](auto f) -> decltype(auto) { return detail::cross_leaf(std::move(f)); }, std::forward<A>(args)...);
}

template <class F, class... A>
    requires std::is_invocable_v<F, A...>
std::invoke_result_t<F, A...> leaf_call(F&& f, A&&... args) {
    using R = std::invoke_result_t<F, A...>;
    return detail::cross_leaf([&]() noexcept(std::is_nothrow_invocable_v<F, A...>) -> R {
        return std::invoke(std::forward<F>(f), std::forward<A>(args)...);
    });
}

// For C that is known to block: hands the p over at once instead of after 20 us, from the first call on.
template <auto Fn, class... A>
    requires detail::c_function<Fn>
detail::callee_result<Fn> blocking_call(A&&... args) {
    return detail::callee<Fn>::template by<Fn>(
        [](auto f) -> decltype(auto) { return detail::cross_blocking(std::move(f)); }, std::forward<A>(args)...);
}

template <class F, class... A>
    requires std::is_invocable_v<F, A...>
std::invoke_result_t<F, A...> blocking_call(F&& f, A&&... args) {
    using R = std::invoke_result_t<F, A...>;
    return detail::cross_blocking(
        [&]() -> R { return std::invoke(std::forward<F>(f), std::forward<A>(args)...); });
}

}  // namespace gangway
