// SPDX-License-Identifier: BSD-3-Clause
// Changing stacks, and telling the sanitizers. Only here: every switch of the library goes through one of these.
//
//   to_g0        leaves a goroutine for a function on g0 that does not return        (mcall)
//   to_g         leaves g0 for a goroutine; what is on g0 below here is abandoned    (gogo)
//   g_to_g       straight from goroutine to goroutine
//   call_on_g0   a call on g0 and back: C, and systemstack
//   call_on_g    from g0 a call on the goroutine's stack and back: a callback
//
// To ThreadSanitizer a goroutine is a fiber; C that it calls is that fiber's too (the calls nest), the scheduler is the
// thread's own. AddressSanitizer is told the bounds of each stack that is gone to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/types.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define GANGWAY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GANGWAY_ASAN 1
#endif
#endif
#if defined(GANGWAY_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(GANGWAY_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

extern "C" {
void gangway_switch(void** save, void* sp);
void gangway_mcall(void** save, void* sp, void (*fn)(void*), void* arg);
void gangway_mstart(void** save, void (*fn)(void*), void* arg);
[[noreturn]] void gangway_gogo(void* sp);
std::uint64_t gangway_call_on_stack(std::uint64_t (*fn)(void*), void* arg, void* sp, void** save);
void gangway_goroutine_start();
[[noreturn]] void gangway_goroutine_main();
}

namespace gangway::runtime {

// What is called on another stack. Its result comes back in the register that it left it in.
using on_stack_fn = std::uint64_t (*)(void*);

// What stands at the saved sp of a stack that was left; asm_amd64.S says the same.
struct left_frame {
    std::uint32_t mxcsr;
    std::uint16_t x87_control;
    std::uint16_t unused;
    void* r15;
    void* r14;
    void* r13;
    void* r12;
    void* rbx;
    void* rbp;
    void (*rip)();
};
static_assert(sizeof(left_frame) == 64 && offsetof(left_frame, x87_control) == 4 &&
              offsetof(left_frame, r15) == 8 && offsetof(left_frame, rip) == 56);

// keep null: the stack that is left will not be gone back to.
inline void leaving([[maybe_unused]] g* keep, [[maybe_unused]] const g* to) {
#if defined(GANGWAY_ASAN)
    __sanitizer_start_switch_fiber(keep != nullptr ? &keep->asan_fake_stack : nullptr,
                                   reinterpret_cast<const void*>(to->stk.lo), to->stk.hi - to->stk.lo);
#endif
}

inline void arrived([[maybe_unused]] g* at) {
#if defined(GANGWAY_ASAN)
    __sanitizer_finish_switch_fiber(at->asan_fake_stack, nullptr, nullptr);
#endif
}

inline void switch_fiber([[maybe_unused]] const g* to) {
#if defined(GANGWAY_TSAN)
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
}

// Frames from here to the base of this stack will not return: take their red zones away.
inline void abandoning_frames() {
#if defined(GANGWAY_ASAN)
    __asan_handle_no_return();
#endif
}

struct to_g0_call {
    g* g0;
    void (*fn)(g*);
    g* gp;
};

[[noreturn]] inline void enter_g0(void* at) {
    to_g0_call call = *static_cast<to_g0_call*>(at);  // in gp's frame: gone once fn lets others run it
    arrived(call.g0);
    call.fn(call.gp);
    __builtin_unreachable();
}

// dead: gp's stack will not be gone back to.
inline void to_g0(g* gp, g* g0, void (*fn)(g*), bool dead = false) {
    to_g0_call call{g0, fn, gp};
    leaving(dead ? nullptr : gp, g0);
    switch_fiber(g0);
    gangway_mcall(&gp->sched.sp, g0->sched.sp, &enter_g0, &call);
    arrived(gp);
}

[[noreturn]] inline void to_g(g* g0, g* gp) {
    abandoning_frames();
    leaving(g0, gp);
    switch_fiber(gp);
    gangway_gogo(gp->sched.sp);
}

inline void g_to_g(g* from, g* to) {
    leaving(from, to);
    switch_fiber(to);
    gangway_switch(&from->sched.sp, to->sched.sp);
    arrived(from);
}

#if defined(GANGWAY_ASAN)
struct nested_call {
    on_stack_fn fn;
    void* arg;
    g* from;
    g* to;
};

inline std::uint64_t enter_nested(void* at) {
    auto* call = static_cast<nested_call*>(at);
    arrived(call->to);
    std::uint64_t result = call->fn(call->arg);
    leaving(call->to, call->from);
    return result;
}

inline std::uint64_t call_between(g* from, g* to, on_stack_fn fn, void* arg, void* sp, void** save) {
    nested_call call{fn, arg, from, to};
    leaving(from, to);
    std::uint64_t result = gangway_call_on_stack(&enter_nested, &call, sp, save);
    arrived(from);
    return result;
}
#else
inline std::uint64_t call_between(g*, g*, on_stack_fn fn, void* arg, void* sp, void** save) {
    return gangway_call_on_stack(fn, arg, sp, save);
}
#endif

// fn(arg) on g0 from its sched.sp downward; gp's sp is kept in *save. fn's result.
inline std::uint64_t call_on_g0(g* gp, g* g0, on_stack_fn fn, void* arg, void** save) {
    return call_between(gp, g0, fn, arg, g0->sched.sp, save);
}

// fn(arg) on gp's stack below its syscallsp; g0's sp is kept in g0->sched.sp.
inline void call_on_g(g* g0, g* gp, on_stack_fn fn, void* arg) {
    call_between(g0, gp, fn, arg, gp->syscallsp, &g0->sched.sp);
}

}  // namespace gangway::runtime
