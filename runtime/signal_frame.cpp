// SPDX-License-Identifier: BSD-3-Clause
// A handler returns to a function that the C library names to the kernel (sa_restorer), the same one for all of them. So in
// a handler that address stands on the stack, not far above sp. It may also have been left there by a handler that is over:
// where it is found the stack is unwound, which takes microseconds and is certain.
#include "runtime/signal_frame.hpp"

#include <csignal>
#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include "runtime/systemstack.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

namespace {

constexpr std::uintptr_t searched = 2048;  // bytes
constexpr int frames_searched = 32;

// The kernel's own struct, which the C library's hides.
struct kernel_sigaction {
    void (*handler)(int);
    unsigned long flags;
    std::uintptr_t restorer;
    unsigned long mask;
};

std::uintptr_t find_restorer() {
    kernel_sigaction now{};  // the runtime has a handler for this one
    return ::syscall(SYS_rt_sigaction, SIGSEGV, nullptr, &now, sizeof now.mask) == 0 ? now.restorer : 0;
}

std::uintptr_t restorer() {
    static const std::uintptr_t address = find_restorer();
    return address;
}

// Up to where the stack that is in use may be read; 0: not known.
std::uintptr_t end_of_stack(std::uintptr_t here) {
    const m* mp = getm();
    if (mp == nullptr) return 0;
    auto within = [here](std::uintptr_t lo, std::uintptr_t hi) { return here - lo < hi - lo ? hi : 0; };
    if (mp->curg != nullptr) {
        if (std::uintptr_t end = within(mp->curg->stk.lo, mp->curg->stk.hi)) return end;
    }
    if (std::uintptr_t end = within(mp->g0.stk.lo, mp->g0.stk.hi)) return end;
    auto alt = reinterpret_cast<std::uintptr_t>(mp->altstack);
    return alt != 0 ? within(alt, alt + mp->altstack_size) : 0;
}

struct search {
    std::uintptr_t wanted;
    int left = frames_searched;
    bool found = false;
};

_Unwind_Reason_Code look_at_frame(_Unwind_Context* context, void* at) {
    auto& to = *static_cast<search*>(at);
    int before = 0;
    to.found = _Unwind_GetIPInfo(context, &before) == to.wanted;
    return to.found || --to.left == 0 ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

// Words of other functions' frames: not for sanitizers.
[[gnu::noinline]] __attribute__((no_sanitize("address", "thread"))) bool stands_on_stack(std::uintptr_t wanted) {
    auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & ~std::uintptr_t{7};
    std::uintptr_t end = end_of_stack(here);
    if (end > here + searched) end = here + searched;
    bool found = false;
    for (std::uintptr_t at = here; at < end; at += sizeof at)
        found |= *reinterpret_cast<const volatile std::uintptr_t*>(at) == wanted;
    return found;
}

}  // namespace

bool in_signal_handler() {
    std::uintptr_t wanted = restorer();
    if (wanted == 0 || !stands_on_stack(wanted)) return false;
    search of{wanted};
    _Unwind_Backtrace(&look_at_frame, &of);
    return of.found;
}

}  // namespace gangway::runtime
