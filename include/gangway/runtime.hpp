// SPDX-License-Identifier: BSD-3-Clause
// Goroutines: starting them, yielding, ending, and pinning them to threads.
//
// The runtime belongs to the process. It starts at the first use of anything in this library and is stopped
// before the static destructors run that were there at that time; goroutines outlive run().
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>
#include <gangway/detail/newproc.hpp>
#include <gangway/goroutine_local.hpp>

namespace gangway {

// What the runtime runs with. Each field's environment variable is used where the field has its default.
struct options {
    int maxprocs = 0;                    // ps: how many goroutines run at once, 1 to 1024. 0: the CPUs this
                                         // process may use. GANGWAY_MAXPROCS
    std::size_t stack_size = 256 << 10;  // bytes of address space per goroutine started from now on, at least
                                         // 8192; rounded up to pages, the guard comes on top. GANGWAY_STACK
    int max_threads = 10'000;            // ms; needing one more is fatal. GANGWAY_MAXTHREADS
    int idle_thread_ms = 10'000;         // milliseconds that a thread is kept that has no work from now on, 0 to
                                         // 1'000'000'000. GANGWAY_IDLE_THREAD_MS
};

namespace detail {
GANGWAY_API void run_main(const options* opts, void (*fn)(void*), void* arg);

// The result of a call on another goroutine: a value, nothing, or an exception.
template <class R>
class outcome {
public:
    template <class F>
    void from(F&& fn) {
        try {
            if constexpr (std::is_void_v<R>) {
                std::forward<F>(fn)();
            } else if constexpr (std::is_reference_v<R>) {
                value_ = std::addressof(std::forward<F>(fn)());
            } else {
                value_.emplace(std::forward<F>(fn)());
            }
        } catch (...) {
            error_ = std::current_exception();
            if (!error_) throw;  // a goexit that passes: no exception of C++, and it must go on
        }
    }

    R take() {
        if (error_) std::rethrow_exception(std::move(error_));
        if constexpr (std::is_reference_v<R>) {
            return static_cast<R>(*value_);
        } else if constexpr (!std::is_void_v<R>) {
            return std::move(*value_);
        }
    }

private:
    struct nothing {};
    using held = std::conditional_t<
        std::is_void_v<R>, nothing,
        std::conditional_t<std::is_reference_v<R>, std::add_pointer_t<R>,
                           std::optional<std::conditional_t<std::is_void_v<R> || std::is_reference_v<R>, int,
                                                            std::remove_cv_t<R>>>>>;
    [[no_unique_address]] held value_{};
    std::exception_ptr error_;
};

template <class F>
auto run_with(const options* opts, F& fn) -> std::invoke_result_t<F&> {
    using result = std::invoke_result_t<F&>;
    struct frame {
        F& fn;
        outcome<result> out;
    } f{fn, {}};
    run_main(
        opts,
        [](void* p) {
            auto* self = static_cast<frame*>(p);
            self->out.from([self]() -> result { return self->fn(); });
        },
        &f);
    return f.out.take();
}
}  // namespace detail

// Runs fn as the main goroutine, on the calling thread until it first parks, yields or loses its p in C, and returns its result or throws its
// exception. The calling thread waits meanwhile and runs nothing else. Other goroutines outlive the call.
// May be called again and again, and from several threads. fn may call lock_os_thread() as its first act and is
// then on the calling thread for good.
// Throws std::logic_error when called on a goroutine, std::invalid_argument for options out of range.
template <class F>
auto run(const options& opts, F&& fn) -> std::invoke_result_t<F&> {
    return detail::run_with(&opts, fn);
}

// The same with the settings that the runtime has, the defaults where it has not started.
template <class F>
auto run(F&& fn) -> std::invoke_result_t<F&> {
    return detail::run_with(nullptr, fn);
}

// Starts f(args...) as a goroutine. f and args are copied or moved as std::thread does. Any thread. Waits for nothing, but
// yields when the scheduler has asked this goroutine to, and so may return on another thread.
// An exception that escapes f is fatal, and so is a null f. Throws std::bad_alloc when no stack can be had, and
// what copying f or args throws; then nothing was started.
template <class F, class... A>
void go(F&& f, A&&... args) {
    detail::newproc(std::forward<F>(f), std::forward<A>(args)...);
}

// Lets the other runnable goroutines of this p go first. May return on another thread. On a thread that runs no
// goroutine it is sched_yield(2).
GANGWAY_API void gosched();

// Ends the calling goroutine. Its stack is unwound by force, so destructors run; a catch (...) that does not
// rethrow is fatal, by name. In a callback it takes effect when C has returned (C gets on_error).
// Throws std::logic_error off a goroutine.
[[noreturn]] GANGWAY_API void goexit();

// Yields if the scheduler has asked this goroutine to. For loops that call nothing else of this library.
// Costs two loads when nothing was asked. Nothing off a goroutine.
GANGWAY_API void preempt_point();

// While it lives the calling goroutine is not made to yield: not by preempt_point(), nor on its way through a call, a
// channel operation or code built by gangway_preemptible(). For what must not be entered again by another goroutine of
// the same thread, such as code that holds a std::mutex. What parks still parks. Nested; a request that came meanwhile is
// granted when the outermost ends. Others wait for it, and so does a stop-the-world: keep it short. Nothing off a
// goroutine.
class [[nodiscard]] preempt_guard {
public:
    GANGWAY_API preempt_guard() noexcept;
    GANGWAY_API ~preempt_guard();
    preempt_guard(const preempt_guard&) = delete;
    preempt_guard& operator=(const preempt_guard&) = delete;
};

// Sets the number of ps when n > 0 (at most 1024), and returns the number before. Any thread. Stops the world: may
// park. Throws std::invalid_argument for n < 0 or n > 1024.
GANGWAY_API int gomaxprocs(int n = 0);

// CPUs this process may use: its affinity mask and its cgroup's quota, rounded up. At least 1. Any thread.
GANGWAY_API int num_cpu();
// Goroutines that exist, main ones included, the runtime's own not. Any thread.
GANGWAY_API int num_goroutine();
// Threads that the runtime has: its ms, threads inside run() among them, and its monitor. Any thread.
GANGWAY_API int num_thread();
// Crossings into C made so far by call, call_errno and blocking_call on all threads. Any thread.
GANGWAY_API std::uint64_t num_cgo_call();

// The calling goroutine's number, unique in the process; 0 off a goroutine. Inside C that a goroutine called it is
// still that goroutine's.
GANGWAY_API std::uint64_t goid();
// The number of the m (thread of the runtime) that the caller is on; 0 on any other thread.
GANGWAY_API std::uint64_t mid();
// Whether the caller is goroutine code: on a goroutine's stack, where the blocking operations may park.
GANGWAY_API bool on_goroutine();

// Pins the calling goroutine to its thread until as many unlocks as locks. Only this goroutine runs there meanwhile,
// and while it waits the thread waits with it. A goroutine that ends locked ends its thread (a thread inside run()
// aside). Goroutines that it starts are not locked. lock throws std::logic_error off a goroutine. One unlock too
// many does nothing.
GANGWAY_API void lock_os_thread();
GANGWAY_API void unlock_os_thread();

// lock_os_thread() for a scope.
class os_thread_lock {
public:
    os_thread_lock() { lock_os_thread(); }
    ~os_thread_lock() { unlock_os_thread(); }
    os_thread_lock(const os_thread_lock&) = delete;
    os_thread_lock& operator=(const os_thread_lock&) = delete;
};

}  // namespace gangway
