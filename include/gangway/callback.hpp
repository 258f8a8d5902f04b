// SPDX-License-Identifier: BSD-3-Clause
// C calls goroutine code.
//
// A callback runs on the goroutine that made the C call (same goid()) and on that call's thread, from its first
// instruction to its last. It may do all that a goroutine may: park, lock, send, start others, call C, be called back
// again. C's errno is the same before and after it.
// An exception or goexit that leaves a callback cannot cross C: C gets on_error, and call() goes on with it once C has
// returned. The first exception of several is thrown, suppressed_exceptions() has the others; a goexit comes before them.
// In a leaf_call a callback is fatal, by name. Called from goroutine code, C's pointer is a plain call.
//
// On a foreign thread, one that the runtime did not make, a callback is a goroutine of its own, locked to that thread. The
// thread is attached by its first callback, or by attach_thread(), and stays so until it ends: from the second callback on
// there is no lock, allocation or system call, unless the scheduler has to find it a p. What leaves the callback goes to
// set_callback_exception_handler()'s function, and C gets on_error; goexit ends the callback and is nothing else.
// Once the runtime has stopped (the process is exiting) callbacks on any thread do nothing and give on_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gangway/detail/closure.hpp>
#include <gangway/detail/export.hpp>
#include <gangway/detail/listed.hpp>
#include <gangway/handle.hpp>

namespace gangway {

namespace detail {

enum class callback_result : unsigned char {
    done,       // fn ran and returned
    failed,     // fn left by an exception or by goexit, which is kept for call(): C gets on_error
    plain_call  // fn was not run: there is no C call under way on this thread, so call it as any function
};

// Runs fn(arg) on the goroutine whose C call this is.
[[nodiscard]] GANGWAY_API callback_result cgocallback(void (*fn)(void*), void* arg);

template <class R, class Invoke>
struct callback_frame {
    Invoke& invoke;
    union {
        R value;
    };
    explicit callback_frame(Invoke& i) : invoke(i) {}
    ~callback_frame() {}
    static void enter(void* at) {
        auto* self = static_cast<callback_frame*>(at);
        ::new (static_cast<void*>(std::addressof(self->value))) R(self->invoke());
    }
    R take() {
        struct destroy {
            R& value;
            ~destroy() { value.~R(); }
        } after{value};
        return std::move(value);
    }
};

// invoke() on the goroutine, from C. on_error() makes the value that C gets when it fails.
template <class R, class Invoke, class OnError>
R enter_goroutine(Invoke invoke, OnError on_error) {
    if constexpr (std::is_void_v<R>) {
        auto enter = [](void* at) { (*static_cast<Invoke*>(at))(); };
        if (cgocallback(enter, &invoke) == callback_result::plain_call) [[unlikely]]
            invoke();
    } else {
        callback_frame<R, Invoke> frame(invoke);
        switch (cgocallback(&callback_frame<R, Invoke>::enter, &frame)) {
            [[likely]] case callback_result::done:
                return frame.take();
            case callback_result::failed:
                return on_error();
            case callback_result::plain_call:
                break;
        }
        return invoke();
    }
}

// R{} where nothing is given.
template <class R, auto... OnError>
R exported_on_error() {
    if constexpr (sizeof...(OnError) == 0) {
        return R();
    } else {
        return static_cast<R>((OnError, ...));
    }
}

// Deduced from the pointer, as call.hpp's signature is.
template <auto Fn, class R, class... P>
struct exported_thunk {
    template <auto... OnError>
    static R from_c(P... p) {
        return enter_goroutine<R>([&]() -> R { return Fn(std::forward<P>(p)...); },
                                  &exported_on_error<R, OnError...>);
    }
};
template <auto Fn, auto... OnError, class R, class... P>
constexpr auto exported_from(R (*)(P...)) -> R (*)(P...) {
    static_assert(sizeof...(OnError) <= 1, "exported<Fn, on_error>: C gets one value");
    static_assert(sizeof...(OnError) == 0 || !std::is_void_v<R>, "exported<Fn, on_error>: Fn returns nothing");
    return &exported_thunk<Fn, R, P...>::template from_c<OnError...>;
}

// What a userdata_callback holds for results: nothing for void.
struct no_value {};
template <class R>
using value_or_nothing = std::conditional_t<std::is_void_v<R>, no_value, R>;

template <class Sig, std::size_t DataIndex>
struct userdata_parts;

// P... without the one at DataIndex, called through `invoke`.
template <class R, class... P, std::size_t DataIndex>
struct userdata_parts<R(P...), DataIndex> {
    static_assert(DataIndex < sizeof...(P), "userdata_callback: DataIndex is past the last parameter");
    static_assert(std::is_pointer_v<std::tuple_element_t<DataIndex, std::tuple<P...>>>,
                  "userdata_callback: the parameter at DataIndex is not a pointer");
    using result = R;

    template <class F, std::size_t... I>
    static R invoke(F& f, std::tuple<P&&...>& all, std::index_sequence<I...>) {
        return f(std::forward<std::tuple_element_t<(I < DataIndex ? I : I + 1), std::tuple<P...>>>(
            std::get<(I < DataIndex ? I : I + 1)>(all))...);
    }

    struct target {
        virtual ~target() = default;
        virtual R run(std::tuple<P&&...>& all) = 0;
        [[no_unique_address]] value_or_nothing<R> on_error{};
        listed entry{listed_kind::callback, this};
    };
    template <class F>
    struct target_of final : target {
        F f;
        template <class U>
        explicit target_of(U&& u) : f(std::forward<U>(u)) {}
        R run(std::tuple<P&&...>& all) override {
            return invoke(f, all, std::make_index_sequence<sizeof...(P) - 1>());
        }
    };

    static R from_c(P... p) {
        std::tuple<P&&...> all(std::forward<P>(p)...);
        auto* t =
            static_cast<target*>(const_cast<void*>(static_cast<const volatile void*>(std::get<DataIndex>(all))));
        return enter_goroutine<R>([&]() -> R { return t->run(all); }, [t] { return static_cast<R>(t->on_error); });
    }
};

template <class Sig>
struct callback_parts;

template <class R, class... P>
struct callback_parts<R(P...)> {
    using result = R;

    template <class F>
    class target_of final : public closure_target {
    public:
        template <class U>
        target_of(U&& f, value_or_nothing<R> on_error) : f_(std::forward<U>(f)), on_error_(std::move(on_error)) {}

        void call(void* result, void* const* args) override {
            call_with(result, args, std::index_sequence_for<P...>());
        }

    private:
        template <std::size_t... I>
        void call_with(void* result, [[maybe_unused]] void* const* args, std::index_sequence<I...>) {
            auto run = [&]() -> R { return f_(argument<std::remove_cv_t<P>>(args[I])...); };
            if constexpr (std::is_void_v<R>) {
                enter_goroutine<R>(run, [] {});
            } else {
                put(result, enter_goroutine<R>(run, [this] { return static_cast<R>(on_error_); }));
            }
        }

        // libffi aligns what came in registers to eight bytes, whatever it is.
        template <class T>
        static decltype(auto) argument(void* at) {
            if constexpr (alignof(T) > 8) {
                T value;
                std::memcpy(&value, at, sizeof value);
                return value;
            } else {
                return (*static_cast<T*>(at));
            }
        }

        // R may be void, of which there is no reference.
        template <class T>
        static void put(void* at, const T& value) {
            if constexpr (sizeof(T) > 8) {
                std::memcpy(at, &value, sizeof value);
            } else if constexpr (kind_of<T>() == c_kind::signed_integer) {
                ::new (at) std::int64_t{static_cast<std::int64_t>(value)};
            } else if constexpr (kind_of<T>() == c_kind::unsigned_integer) {
                ::new (at) std::uint64_t{static_cast<std::uint64_t>(value)};
            } else {
                ::new (at) T(value);
            }
        }

        F f_;
        [[no_unique_address]] value_or_nothing<R> on_error_;
    };
};

}  // namespace detail

// What is done with an exception that leaves a callback on a foreign thread, where no call() could go on with it. handle
// runs in that callback's goroutine, on its thread, before C gets on_error; many threads may be in it at once. Without one,
// and when it throws, such an exception is fatal. null takes it away. Any thread; never parks.
GANGWAY_API void set_callback_exception_handler(std::function<void(std::exception_ptr)> handle);

// What could not come out of this goroutine's last call() that threw, because another exception did: those of its second
// and later callbacks that threw, in their order; the callbacks' own where the C++ that was called threw itself. Empty
// where there were none. They live until the goroutine's next call that throws, or its end. Any thread; never parks.
GANGWAY_API std::vector<std::exception_ptr> suppressed_exceptions();

// Does now what the first callback on this foreign thread would do: takes a few microseconds and memory for a stack. On
// other threads, and a second time, it does nothing. Throws std::logic_error when the runtime has stopped.
GANGWAY_API void attach_thread();

// A C function pointer of Fn's type that runs Fn as a callback: no allocation, no closure.
//   int compare(const void*, const void*);
//   call<&::qsort>(base, n, size, gangway::exported<&compare>);
// on_error is R{}, or what is named: where 0 means success to C, exported<&read_page, SQLITE_IOERR>.
template <auto Fn, auto... OnError>
inline constexpr auto exported = detail::exported_from<Fn, OnError...>(Fn);

// A callable as a C function pointer and the void* that C passes back to it, for the many APIs that carry one.
// Sig is C's function type, DataIndex the position of the data pointer in it; f takes the other parameters:
//   userdata_callback<int(void*, int, char**, char**), 0> row([&](int n, char** values, char**) { ...; return 0; });
//   call<&::sqlite3_exec>(db, sql, row.fn(), row.data(), nullptr);
// The object must outlive C's use of data(); moving it leaves data() valid. C may call it from several threads at once
// if f may be.
template <class Sig, std::size_t DataIndex>
class userdata_callback {
    using parts = detail::userdata_parts<Sig, DataIndex>;
    using result = typename parts::result;

public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, userdata_callback>)
    explicit userdata_callback(F&& f)
        : target_(std::make_unique<typename parts::template target_of<std::decay_t<F>>>(std::forward<F>(f))) {}

    // on_error: what C gets when f fails.
    template <class F>
        requires(!std::is_void_v<result>)
    explicit userdata_callback(F&& f, detail::value_or_nothing<result> on_error)
        : userdata_callback(std::forward<F>(f)) {
        target_->on_error = std::move(on_error);
    }

    Sig* fn() const noexcept { return &parts::from_c; }
    void* data() const noexcept { return target_.get(); }

private:
    std::unique_ptr<typename parts::target> target_;
};

// A callable as a bare C function pointer, for the APIs that carry no void*: what f captures comes with the pointer.
//   callback<int(const void*, const void*)> by_length([&](const void* a, const void* b) { ...; return order; });
//   call<&::qsort>(base, n, size, by_length.get());
// Sig is C's function type: integers, enums, floating and complex types, pointers, and structs that
// GANGWAY_FFI_STRUCT(type, members...) has described. The pointer is good while the object lives, and moving keeps it. C
// may call it from several threads at once if f may be. The object may be destroyed while calls are in f: f goes with
// the last of them. A call after that is fatal and says where the callback was made, until some thousand others have
// been destroyed and its memory serves another.
// Making one throws std::bad_alloc where there is no memory for it; it takes a lock for a moment, and never parks.
// The pointers are libffi's closures.
template <class Sig>
class callback {
    using parts = detail::callback_parts<Sig>;
    using result = typename parts::result;

public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, callback>)
    explicit callback(F&& f, detail::place where = detail::place::current())
        : closure_(make(std::forward<F>(f), {}, where)) {}

    // on_error: what C gets when f fails.
    template <class F>
        requires(!std::is_void_v<result>)
    explicit callback(F&& f, detail::value_or_nothing<result> on_error,
                      detail::place where = detail::place::current())
        : closure_(make(std::forward<F>(f), std::move(on_error), where)) {}

    Sig* get() const noexcept { return reinterpret_cast<Sig*>(detail::code_of(closure_.get())); }
    operator Sig*() const noexcept { return get(); }

private:
    template <class F>
    static detail::closure* make(F&& f, detail::value_or_nothing<result> on_error, detail::place where) {
        using target = typename parts::template target_of<std::decay_t<F>>;
        return detail::make_closure(detail::signature_parts<Sig>::signature,
                                    std::make_unique<target>(std::forward<F>(f), std::move(on_error)), where);
    }

    std::unique_ptr<detail::closure, detail::closure_releaser> closure_;
};

}  // namespace gangway
