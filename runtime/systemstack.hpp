// SPDX-License-Identifier: BSD-3-Clause
// Running something of the runtime's own on g0, from goroutine code.
#pragma once

#include <cstdint>

#include "runtime/switch.hpp"
#include "runtime/tls.hpp"

namespace gangway::runtime {

// Whether the caller runs on mp's curg's stack: not on g0, where the scheduler and C run.
inline bool on_curg_stack(const m* mp) {
    const g* gp = mp->curg;
    if (gp == nullptr) return false;
    std::uintptr_t here;
    asm volatile("movq %%rsp, %0" : "=r"(here));  // __builtin_frame_address would cost the caller a frame pointer
    return here - gp->stk.lo < gp->stk.hi - gp->stk.lo;
}

inline bool on_curg_stack() {
    const m* mp = getm();
    return mp != nullptr && on_curg_stack(mp);
}

// Never inlined: what f needs of a stack would be part of the caller's frame, on a small stack too.
template <class F>
[[gnu::noinline]] void run_here(F& f) {
    f();
}

// f() on g0 when called on a goroutine's small stack, else right here. f does not park.
template <class F>
void systemstack(F&& f) {
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) {
        run_here(f);
        return;
    }
    void* unused_sp = nullptr;
    call_on_g0(
        mp->curg, &mp->g0,
        [](void* at) {
            (*static_cast<std::remove_reference_t<F>*>(at))();
            return std::uint64_t{0};
        },
        &f, &unused_sp);
}

}  // namespace gangway::runtime
