// SPDX-License-Identifier: BSD-3-Clause
// C calls back. The trip is told in ffi/cgocall.cpp.
//
//  B1 The callback's frames go below g.syscallsp, where the stub left the goroutine's stack: what is above belongs to
//     the call that C is in.
//  B2 From before exitsyscall to after entersyscall the goroutine is locked to this m: C's frames are on its g0, so it
//     cannot go on elsewhere. While it parks in the callback the m sleeps for it alone, and its p goes to another m.
//  B3 Frames of C's that are called later lie lower on g0. A callback from above m.g0.sched.sp comes from a frame that
//     should be covered by a later callback's: longjmp has skipped that.
//  B4 What leaves the function is kept for the innermost call under way. Calls that the function makes itself are
//     further in: what was kept before is put aside for them.
#include <cerrno>
#include <cstdint>
#include <exception>
#include <gangway/callback.hpp>
#include <utility>

#include "callbacks/foreign_exception.hpp"
#include "runtime/extram.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/overflow.hpp"
#include "runtime/proc.hpp"
#include "runtime/skipped.hpp"
#include "runtime/suppressed.hpp"
#include "runtime/syscall.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::detail {

using namespace runtime;

namespace {

// What a callback needs at the least on the goroutine's stack, its function's frame not counted.
constexpr std::uintptr_t least_stack = 2048;

struct callback_call {
    void (*fn)(void*);
    void* arg;
    m* mp;
    g* gp;
    bool failed = false;
};

void keep_goexit(g* gp) {
    if (!gp->goexiting) fatal("pthread_exit or pthread_cancel in a callback");
    gp->goexiting = false;
    gp->goexit_kept = true;
    gp->has_kept = true;
    gp->kept = nullptr;  // goexit comes before what an earlier callback threw: the goroutine ends in any case
}

// In the handler. The first of several is kept: the later ones may come from C's own attempts to clean up.
void keep(g* gp) {
    std::exception_ptr e = std::current_exception();
    if (e == nullptr) {  // an unwind by force is no exception of C++
        keep_goexit(gp);
    } else if (!gp->has_kept) {
        gp->kept = std::move(e);
        gp->has_kept = true;
    } else {
        suppress(std::move(e));
    }
}

[[gnu::always_inline]] inline void run_guarded(callback_call& call) {
    try {
        call.fn(call.arg);
    } catch (...) {
        keep(call.gp);
        call.failed = true;
    }
}

// What was kept by an earlier callback of the same call, put aside while the function runs. B4
[[gnu::noinline]] void run_with_kept_aside(callback_call& call) {
    g* gp = call.gp;
    std::exception_ptr kept = std::exchange(gp->kept, nullptr);
    bool goexit_kept = std::exchange(gp->goexit_kept, false);
    gp->has_kept = false;
    exceptions suppressed = set_suppressed({});
    run_guarded(call);
    set_suppressed(std::move(suppressed));
    if (gp->goexit_kept) return;
    if (gp->has_kept) suppress(std::move(gp->kept));
    gp->kept = std::move(kept);
    gp->goexit_kept = goexit_kept;
    gp->has_kept = true;
}

// A handler that is under way further out is none of the callback's: goexit must not meet it here, nor a `throw;`.
[[gnu::noinline]] void run_in_handler(callback_call& call) {
    eh_globals outer = std::exchange(*call.mp->eh, eh_globals{});
    if (call.gp->has_kept) {
        run_with_kept_aside(call);
    } else {
        run_guarded(call);
    }
    *call.mp->eh = outer;
}

// On the goroutine's stack, below its syscallsp.
std::uint64_t cgocallbackg(void* at) {
    auto& call = *static_cast<callback_call*>(at);
    m* mp = call.mp;
    g* gp = call.gp;
    void* syscallsp = gp->syscallsp;
    mp->lockedint++;
    lock_to(mp, gp);  // B2
    exitsyscall(mp, gp);
    if (mp->eh->caught != nullptr || mp->eh->uncaught != 0) [[unlikely]] {
        run_in_handler(call);
    } else if (gp->has_kept) [[unlikely]] {
        run_with_kept_aside(call);
    } else {
        run_guarded(call);
    }
    gp->syscallsp = syscallsp;
    entersyscall(mp);
    mp->lockedint--;
    unlock_from(mp, gp);
    return 0;
}

// B3. Says nothing where either is on a stack that C made itself.
bool comes_from_above(const m* mp, void* g0_sp) {
    auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    auto covered = reinterpret_cast<std::uintptr_t>(g0_sp);
    return covered >= mp->g0.stk.lo && here > covered && here < mp->g0.stk.hi;
}

// C's pointer was called where no C call is under way.
callback_result no_call(m* mp) {
    if (on_curg_stack(mp)) return callback_result::plain_call;
    runtime::fatal("cgocallback: callback from a leaf_call");
}

// What left the function of a foreign thread's callback: there is no call to give it to.
void settle_kept(g* gp) {
    gp->has_kept = false;
    if (std::exchange(gp->goexit_kept, false)) return;  // that was this goroutine's end
    unhandled_in_callback(std::exchange(gp->kept, nullptr));
}

void foreign_callbackg(void* at) {
    auto& call = *static_cast<callback_call*>(at);
    if (call.mp->eh->caught != nullptr || call.mp->eh->uncaught != 0) {
        run_in_handler(call);
    } else {
        run_guarded(call);
    }
    if (call.failed) settle_kept(call.gp);
}

bool runtime_has_stopped() {
    return (load_relaxed(sched.attention) & attention_exit) != 0;
}

// I1 to I4
[[gnu::noinline]] callback_result foreign_callback(void (*fn)(void*), void* arg) {
    int saved_errno = errno;
    m* mp = needm();
    if (mp == nullptr || runtime_has_stopped()) return callback_result::failed;
    count(mp->ncgocallback);
    callback_call call{fn, arg, mp, mp->lockedg};
    if (!enter_foreign(mp, &foreign_callbackg, &call)) call.failed = true;
    errno = saved_errno;
    return call.failed ? callback_result::failed : callback_result::done;
}

}  // namespace

callback_result cgocallback(void (*fn)(void*), void* arg) {
    m* mp = getm();
    if (mp == nullptr) [[unlikely]]
        return foreign_callback(fn, arg);
    if (load_relaxed(mp->in_syscall) == 0) [[unlikely]]
        return no_call(mp);
    void* g0_sp = mp->g0.sched.sp;
    if (g0_sp == nullptr) return foreign_callback(fn, arg);  // I4
    if (runtime_has_stopped()) [[unlikely]]
        return callback_result::failed;  // no goroutine code runs any more
    g* gp = mp->curg;
    if (comes_from_above(mp, g0_sp)) [[unlikely]]  // B3
        fatal_skipped_callback(reinterpret_cast<std::uintptr_t>(mp->callback_fn), 0);
    if (reinterpret_cast<std::uintptr_t>(gp->syscallsp) - gp->stk.lo < least_stack) [[unlikely]]
        fatal_overflow(gp);
    int saved_errno = *mp->errno_at;
    count(mp->ncgocallback);
    callback_call call{fn, arg, mp, gp};
    auto* outer = std::exchange(mp->callback_fn, fn);
    call_on_g(&mp->g0, gp, &cgocallbackg, &call);
    mp->callback_fn = outer;
    mp->g0.sched.sp = g0_sp;  // X1
    *mp->errno_at = saved_errno;
    return call.failed ? callback_result::failed : callback_result::done;
}

}  // namespace gangway::detail
