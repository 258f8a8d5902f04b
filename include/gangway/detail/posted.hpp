// SPDX-License-Identifier: BSD-3-Clause
// Functions on their way to one thread: what pinned_thread and event_loop have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>
#include <gangway/runtime.hpp>

namespace gangway::detail {

struct posted {
    // Runs the function, or, where run is false, says that it will not be run; frees what is the post's own.
    using act_fn = void (*)(posted* self, bool run);

    explicit posted(act_fn fn) : act(fn) {}
    act_fn act;
    posted* next = nullptr;
    bool awaited = false;  // somebody waits for it in run()
};

// Pushed to by any thread, emptied in order by its owner. Q1 to Q3 in runtime/posted.cpp.
class posted_queue {
public:
    enum class pushed : unsigned char {
        wake,   // nobody looks: the caller wakes the owner
        seen,   // the owner looks, or somebody has woken it
        closed  // not taken
    };
    GANGWAY_API pushed push(posted* call);

    // The owner's.
    posted* take();              // the next one; null: none. After it pushes say seen
    posted* take_and_sleep();    // the same, and after it the next push says wake
    bool has_more_here() const;  // of those that a take has brought
    bool has_come() const;       // since
    bool sleep();                // the next push says wake. False: something has come
    bool look();                 // pushes say seen. False: something has come
    // From now on pushes say closed. `last`, if not null, is taken after all others.
    pushed close(posted* last);

private:
    posted* take_and_leave(std::uintptr_t word);

    std::atomic<std::uintptr_t> inbox_{0};
    posted* here_ = nullptr;
};

// One waits for what one finishes.
class completion {
public:
    // Its last touch of it.
    GANGWAY_API void finish() noexcept;
    // On a goroutine's stack, for its maker. reason: a runtime::wait_reason. May return on another thread.
    void wait(unsigned char reason);

private:
    std::atomic<void*> state_{nullptr};
};

struct awaited_base : posted {
    explicit awaited_base(act_fn fn) : posted(fn) { awaited = true; }
    completion done;
    bool refused = false;
    bool returned = false;
};

[[noreturn]] GANGWAY_API void throw_not_returned(const awaited_base& call, const char* what);

// run()'s f, in its frame.
template <class F>
struct awaited : awaited_base {
    using result = std::invoke_result_t<F&>;

    explicit awaited(F& fn) : awaited_base(&act_on), f(fn) {}

    // What f returned or threw, once done.
    result take(const char* what) {
        if (!returned) throw_not_returned(*this, what);
        return out.take();
    }

    F& f;
    outcome<result> out;

private:
    static void act_on(posted* at, bool run) {
        auto* self = static_cast<awaited*>(at);
        struct finishes {
            awaited* call;
            ~finishes() { call->done.finish(); }
        } at_end{self};
        self->refused = !run;
        if (!run) return;
        self->out.from(self->f);
        self->returned = true;  // not where f called goexit
    }
};

// post()'s f.
template <class F>
struct posted_call : posted {
    template <class U>
    explicit posted_call(U&& fn) : posted(&act_on), f(std::forward<U>(fn)) {}

    F f;

private:
    static void act_on(posted* at, bool run) {
        std::unique_ptr<posted_call> self(static_cast<posted_call*>(at));
        if (run) std::move(self->f)();
    }
};

template <class F>
std::unique_ptr<posted_call<std::decay_t<F>>> make_posted(F&& f) {
    static_assert(std::is_invocable_v<std::decay_t<F>>, "post(f): f cannot be called without arguments");
    const std::decay_t<F>& as_stored = f;
    reject_null(as_stored);
    return std::make_unique<posted_call<std::decay_t<F>>>(std::forward<F>(f));
}

}  // namespace gangway::detail
