// SPDX-License-Identifier: BSD-3-Clause
// Libraries that insist on one thread: pinned_thread has one of its own, event_loop is the toolkit's, with its own loop.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>
#include <gangway/detail/newproc.hpp>
#include <gangway/detail/posted.hpp>
#include <gangway/runtime.hpp>

namespace gangway {

// A thread that runs nothing but what is given to it here: functions, one after the other in a goroutine of its own (run,
// post), and any number of goroutines that stay on it (go). They take turns where they park or yield, at the cost of any
// other switch; when they have kept a p busy for a millisecond, others that wait for one come first. lock_os_thread() in
// one of them, or a callback from C that it has called, keeps the others waiting. The thread's own goroutine is counted by
// num_goroutine(), and waiting for work it keeps no deadlock from being one.
class pinned_thread {
public:
    // Starts the thread. name, cut to 15 bytes, is the system's name for it. Any thread; may park. Throws std::bad_alloc.
    GANGWAY_API explicit pinned_thread(std::string name = "pinned");
    // Waits until all that was given to it has run and its goroutines have ended; its thread ends. Any thread but this
    // one, which is fatal; may park. Nobody else may use it any more, but what still runs there.
    GANGWAY_API ~pinned_thread();
    pinned_thread(const pinned_thread&) = delete;
    pinned_thread& operator=(const pinned_thread&) = delete;

    // f() on the thread, after what was given to it before; its result, or its exception. On the thread itself, f() at
    // once. Any thread; parks meanwhile and may return on another. Throws std::runtime_error when f called goexit.
    template <class F>
    auto run(F&& f) -> std::invoke_result_t<F&> {
        if (is_here()) return f();
        detail::awaited<std::remove_reference_t<F>> call(f);
        await(call);
        return call.take("pinned_thread");
    }

    // f() on the thread, after what was given to it before. Returns at once. Any thread, inside C too, but no signal
    // handler. An exception that escapes f is fatal. Throws std::bad_alloc, and what copying f throws.
    template <class F>
    void post(F&& f) {
        auto call = detail::make_posted(std::forward<F>(f));
        submit(call.get());
        call.release();
    }

    // Starts a goroutine that stays on the thread, beside others that do. As gangway::go() in all else, but one that ends
    // locked leaves the thread to the others.
    template <class F>
    void go(F&& f) {
        static_assert(std::is_invocable_v<std::decay_t<F>>, "go(f): f cannot be called without arguments");
        const std::decay_t<F>& as_stored = f;
        detail::reject_null(as_stored);
        auto commit = [this](detail::goroutine_slot slot, void (*entry)(void*), void* arg) noexcept {
            commit_here(slot, entry, arg);
        };
        detail::newproc_by<detail::bound_call<std::decay_t<F>>>(commit, std::forward<F>(f));
    }

    // Whether the caller is on it, in goroutine code or in C. Any thread.
    GANGWAY_API bool is_here() const noexcept;

private:
    struct state;
    GANGWAY_API void await(detail::awaited_base& call);
    GANGWAY_API void submit(detail::posted* call);
    GANGWAY_API void commit_here(detail::goroutine_slot slot, void (*entry)(void*), void* arg) noexcept;

    std::unique_ptr<state> state_;
};

// The loop has ended, or will, before the function was run.
class event_loop_ended : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A loop of C's, as GUI toolkits have them, and the way to its thread. What is posted runs there between two of the loop's
// events, in order, as goroutine code. Ready for GLib, SDL, libuv and poll(2): gangway/loop/*.hpp.
//
// C's callbacks from the loop are goroutine code like any other: they may start goroutines, wait and call C, nested loops
// included, in which what is posted runs too. While one waits the loop stands still; GANGWAY_DEBUG=loopwait=MS tells of
// waits that are longer.
class event_loop {
public:
    struct hooks {
        std::function<void()> run;   // the loop: returns once quit was called. Called once, as C is (call())
        std::function<void()> wake;  // has the loop call run_posted() soon. From any thread
        std::function<void()> quit;  // makes run return. On the loop's thread, from run_posted()
    };
    // Any thread. Throws std::invalid_argument where a hook is empty.
    GANGWAY_API explicit event_loop(hooks of);
    // Any thread. Fatal while exec() runs, and while somebody waits in run(). What was posted and has not run is dropped.
    GANGWAY_API ~event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    // Locks the calling goroutine to its thread and runs the loop until quit(), or until it ends by itself. Then whoever
    // still waits in run() gets event_loop_ended. An exception that leaves a posted function ends the loop and comes out
    // here. Once; throws std::logic_error the second time, and off a goroutine.
    GANGWAY_API void exec();

    // f() on the loop's thread, once exec() runs; its result, or its exception. On that thread itself, f() at once. Any
    // thread; parks meanwhile and may return on another. Throws event_loop_ended, f not run, when the loop has ended or
    // quit() was called before.
    template <class F>
    auto run(F&& f) -> std::invoke_result_t<F&> {
        if (is_here()) return f();
        detail::awaited<std::remove_reference_t<F>> call(f);
        await(call);
        return call.take("event_loop");
    }

    // f() on the loop's thread, once exec() runs. Returns at once. Any thread, inside C too, but no signal handler. Throws
    // event_loop_ended as run() does, std::bad_alloc, and what copying f throws.
    template <class F>
    void post(F&& f) {
        auto call = detail::make_posted(std::forward<F>(f));
        submit(call.get(), "post");
        call.release();
    }

    // Ends the loop, after what was posted before. Any thread, inside C too; before exec(), which then returns soon. Again:
    // nothing.
    GANGWAY_API void quit();

    // For adapters: what has been posted, now. The toolkit calls it in C on the loop's thread, after wake. Takes some
    // milliseconds at most, unless one function takes longer, then asks to be woken for the rest. Fatal on another thread.
    GANGWAY_API void run_posted();

    // Whether the caller is on the thread on which exec() runs, in goroutine code or in C. Any thread.
    GANGWAY_API bool is_here() const noexcept;

private:
    struct state;
    GANGWAY_API void await(detail::awaited_base& call);
    GANGWAY_API void submit(detail::posted* call, const char* what);

    std::unique_ptr<state> state_;
};

}  // namespace gangway
