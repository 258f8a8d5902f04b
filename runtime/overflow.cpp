// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/overflow.hpp"

#include <csignal>
#include <cstdio>

#include "runtime/stack.hpp"
#include "runtime/throw.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

namespace {

struct sigaction before;

[[noreturn]] void fatal_c_overflow(const m* mp) {
    char line[160];
    std::snprintf(line, sizeof line, "runtime: C stack of thread %d (m %llu) exceeds %zu-byte limit", mp->tid,
                  static_cast<unsigned long long>(mp->id),
                  static_cast<std::size_t>(mp->g0.stk.hi - mp->g0.stk.lo));
    fatal_with(line, "stack overflow (C stack)");
}

// What would have happened without this handler.
void pass_on(int signal, siginfo_t* info, void* context) {
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(signal, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
    } else {
        sigaction(signal, &before, nullptr);    // the instruction faults again
        if (info->si_code <= 0) raise(signal);  // sent by somebody: it does not come again by itself
    }
}

void on_segv(int signal, siginfo_t* info, void* context) {
    const m* mp = getm();
    auto addr = reinterpret_cast<std::uintptr_t>(info->si_addr);
    if (mp != nullptr && info->si_code > 0) {
        if (mp->curg != nullptr && in_guard(mp->curg, addr)) fatal_overflow(mp->curg);
        if (addr >= mp->guard_lo && addr < mp->g0.stk.lo + page_size) fatal_c_overflow(mp);
    }
    pass_on(signal, info, context);
}

}  // namespace

void fatal_overflow(const g* gp) {
    char line[160];
    std::snprintf(line, sizeof line, "runtime: goroutine stack exceeds %zu-byte limit (goroutine %llu)",
                  stack_limit(gp), static_cast<unsigned long long>(load_relaxed(gp->goid)));
    fatal_with(line, "stack overflow");
}

void install_overflow_handler() {
    struct sigaction ours {};
    ours.sa_sigaction = &on_segv;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&ours.sa_mask);
    sigaction(SIGSEGV, &ours, &before);
}

}  // namespace gangway::runtime
