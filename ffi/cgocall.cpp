// SPDX-License-Identifier: BSD-3-Clause
// A goroutine calls C and comes back, with callbacks in between.
//
//   call<&fn>(args)            include/gangway/call.hpp, on the goroutine's stack
//     cgocall(enter, frame)
//       entersyscall           the p may be taken from here on (syscall.hpp)
//       call_on_g0             = asmcgocall: the stub, with m.g0.sched.sp; this sp is kept in g.syscallsp
//         enter(frame)         on g0: fn(args), the result into the frame
//           fn                 C. It may call back:
//             exported<&f>     include/gangway/callback.hpp, on g0
//               cgocallback    callbacks/cgocallback.cpp
//                 call_on_g    the same stub, with g.syscallsp; g0's sp is kept in m.g0.sched.sp, so that whatever
//                              runs on g0 meanwhile - the scheduler, further C - starts below C's frames
//                   cgocallbackg   on the goroutine's stack again: locked to this m, exitsyscall, f, entersyscall
//       exitsyscall            a p again, perhaps on another m
//       rethrow                what left a callback, or fn
//
//  X1 On the way back from C m.g0.sched.sp is what it was on the way in: each callback puts it back. Where it is not, C
//     has jumped over a callback's frames with longjmp, and the goroutine's frames below are lost: fatal.
//  X2 Nothing unwinds through the stub. What the callee throws is kept on g0 (keep_callee_exception), what a callback's
//     function throws is kept on its stack (cgocallbackg), and both are thrown again here.
#include <gangway/call.hpp>

#include "runtime/blocking_habit.hpp"
#include "runtime/fork.hpp"
#include "runtime/goroutine.hpp"
#include "runtime/proc.hpp"
#include "runtime/skipped.hpp"
#include "runtime/suppressed.hpp"
#include "runtime/syscall.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::detail {

using namespace runtime;

namespace {

// On curg's stack, after C has returned and been accounted for.
[[gnu::noinline]] void rethrow_kept(g* gp) {
    if (gp->goexit_kept) {
        gp->kept = nullptr;
        continue_goexit(gp);
    }
    gp->has_kept = false;
    publish_suppressed();
    std::rethrow_exception(std::exchange(gp->kept, nullptr));
}

// The m is in a call already: C has left one by a longjmp into goroutine code.
inline void check_not_in_call(const m* mp) {
    if (load_relaxed(mp->in_syscall) != 0) [[unlikely]]
        runtime::fatal("cgocall: longjmp out of a call");
}

inline word asmcgocall(m* mp, g* gp, word (*fn)(void*), void* arg) {
    void* g0_sp = mp->g0.sched.sp;
    word result = call_on_g0(gp, &mp->g0, fn, arg, &gp->syscallsp);
    if (mp->g0.sched.sp != g0_sp) [[unlikely]]  // X1
        fatal_skipped_callback(reinterpret_cast<std::uintptr_t>(mp->callback_fn),
                               reinterpret_cast<std::uintptr_t>(fn));
    return result;
}

// The p is handed over before C runs.
inline word call_without_p(m* mp, g* gp, word (*fn)(void*), void* arg, std::int64_t* ns) {
    check_not_in_call(mp);
    count(mp->ncgocall);
    entersyscallblock(mp);
    const std::int64_t from = nanotime();
    const word result = asmcgocall(mp, gp, fn, arg);
    *ns = nanotime() - from;
    exitsyscall(mp, gp);
    return result;
}

[[gnu::noinline]] word call_that_blocks_as_a_rule(m* mp, g* gp, word (*fn)(void*), void* arg) {
    std::int64_t ns = 0;
    const word result = call_without_p(mp, gp, fn, arg, &ns);
    note_handed_over(fn, ns);
    return result;
}

}  // namespace

crossed cgocall(word (*fn)(void*), void* arg) {
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) [[unlikely]]
        return {0, false};
    g* gp = mp->curg;
    word result = 0;
    if (blocks_as_a_rule(fn)) [[unlikely]] {
        result = call_that_blocks_as_a_rule(mp, gp, fn, arg);
    } else {
        check_not_in_call(mp);
        count(mp->ncgocall);
        mp->callee = fn;
        entersyscall(mp);
        result = asmcgocall(mp, gp, fn, arg);
        exitsyscall(mp, gp);
    }
    if (gp->has_kept) [[unlikely]]
        rethrow_kept(gp);
    return {result, true};
}

crossed cgocall_mode(call_mode mode, word (*fn)(void*), void* arg) {
    if (mode == call_mode::normal) return cgocall(fn, arg);
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) return {0, false};
    g* gp = mp->curg;
    std::int64_t ns = 0;
    const word result = call_without_p(mp, gp, fn, arg, &ns);
    if (gp->has_kept) rethrow_kept(gp);
    return {result, true};
}

crossed leafcall(word (*fn)(void*), void* arg) {
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) [[unlikely]]
        return {0, false};
    g* gp = mp->curg;
    void* unused_sp = nullptr;
    word result = call_on_g0(gp, &mp->g0, fn, arg, &unused_sp);
    if (gp->has_kept) [[unlikely]]
        rethrow_kept(gp);
    return {result, true};
}

void keep_callee_exception() noexcept {
    m* mp = getm();
    if (mp == nullptr) fatal_in_child();
    g* gp = mp->curg;
    if (std::current_exception() == nullptr)  // no exception of C++
        runtime::fatal("pthread_exit or pthread_cancel of a thread that is in a call");
    if (gp->goexit_kept) return;  // the goroutine ends, whatever else C++ below the callback made of it
    if (gp->has_kept) suppress(std::move(gp->kept));
    gp->kept = std::current_exception();  // in the place of what a callback left: the callee's comes out
    gp->has_kept = true;
}

}  // namespace gangway::detail
