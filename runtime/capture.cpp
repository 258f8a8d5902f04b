// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/capture.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/sleeper.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

// The handler runs between any two instructions, those of the sanitizers' own runtimes included, and must not enter
// them: it is not instrumented, and uses the compiler's atomics, which it inlines, and not <atomic>. Nor is it inlined
// into what is instrumented.
#define GANGWAY_ANYWHERE __attribute__((noinline, no_sanitize("thread", "address", "undefined")))

// ThreadSanitizer puts off handlers that it knows of until the thread makes a call that it intercepts, which a loop
// never does. So the kernel is told past the C library, and then wants the way back from the handler too.
extern "C" [[gnu::visibility("hidden")]] void gangway_sigreturn();

namespace gangway::runtime {

namespace {

constexpr int the_signal = SIGURG;
constexpr std::int64_t longest_hold = 2'000'000'000;  // ns

// G1. The state is one of these and, above it, the number of the question: a thread that answers too late must not
// take the next question for the one that it was asked.
enum : std::uint32_t { idle, asked, answering, held, one_question = 4 };

struct {
    std::uint32_t state = idle;
    const m* whom = nullptr;
    captured got;
} request;

// The kernel's struct sigaction.
struct kernel_sigaction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    unsigned long mask;
};
constexpr unsigned long sa_restorer = 0x04000000;

bool is_open = false;     // our handler is in force, as far as we know. By whoever has the reports' lock
kernel_sigaction before;  // what was in its place

GANGWAY_ANYWHERE std::uint32_t current() {
    return __atomic_load_n(&request.state, __ATOMIC_ACQUIRE);
}

GANGWAY_ANYWHERE bool is(std::uint32_t state, std::uint32_t what) {
    return state % one_question == what;
}

GANGWAY_ANYWHERE std::uint32_t same_but(std::uint32_t state, std::uint32_t what) {
    return state - state % one_question + what;
}

GANGWAY_ANYWHERE bool move(std::uint32_t from, std::uint32_t to) {
    return __atomic_compare_exchange_n(&request.state, &from, same_but(from, to), false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

GANGWAY_ANYWHERE void wait_while(std::uint32_t state, std::int64_t ns) {
    timespec limit{ns / 1'000'000'000, ns % 1'000'000'000};
    syscall(SYS_futex, &request.state, FUTEX_WAIT_PRIVATE, state, &limit, nullptr, 0);
}

GANGWAY_ANYWHERE void wake() {
    syscall(SYS_futex, &request.state, FUTEX_WAKE_PRIVATE, 2, nullptr, nullptr, 0);
}

GANGWAY_ANYWHERE std::int64_t now() {
    timespec t{};
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

GANGWAY_ANYWHERE void write_down(const m* mp, const ucontext_t* context) {
    static constexpr unsigned char order[registers::count] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                              REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                              REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (unsigned i = 0; i < registers::count; i++)
        request.got.regs.value[i] = static_cast<std::uint64_t>(context->uc_mcontext.gregs[order[i]]);
    request.got.regs.returning = false;
    request.got.curg = mp->curg;
    request.got.in_syscall =
        __atomic_load_n(reinterpret_cast<const std::uint32_t*>(&mp->in_syscall), __ATOMIC_RELAXED);
}

GANGWAY_ANYWHERE void hold(std::uint32_t state) {
    std::int64_t until = now() + longest_hold;
    wake();
    while (current() == state) {
        std::int64_t left = until - now();
        if (left <= 0) {
            move(state, idle);
            break;
        }
        wait_while(state, left);
    }
}

// Unless another thread was asked, or nobody is.
GANGWAY_ANYWHERE void answer(const m* mp, const ucontext_t* context) {
    std::uint32_t question = current();
    if (!is(question, asked) || request.whom != mp || mp == nullptr) return;
    if (!move(question, answering)) return;
    write_down(mp, context);
    __atomic_store_n(&request.state, same_but(question, held), __ATOMIC_RELEASE);
    hold(same_but(question, held));
}

// Any other SIGURG has no effect, as by default.
GANGWAY_ANYWHERE void on_signal(int, siginfo_t*, void* context) {
    int saved_errno = errno;
    answer(getm(), static_cast<const ucontext_t*>(context));
    errno = saved_errno;
}

void set_action(const kernel_sigaction& to) {
    syscall(SYS_rt_sigaction, the_signal, &to, nullptr, sizeof to.mask);
}

kernel_sigaction get_action() {
    kernel_sigaction now{};
    syscall(SYS_rt_sigaction, the_signal, nullptr, &now, sizeof now.mask);
    return now;
}

template <class Handler>
bool is_action(const kernel_sigaction& a, Handler* handler) {
    return reinterpret_cast<std::uintptr_t>(a.handler) == reinterpret_cast<std::uintptr_t>(handler);
}

// False: the program has its own.
bool open_capture() {
    kernel_sigaction now = get_action();
    if (is_action(now, &on_signal)) return true;
    if (!is_action(now, SIG_DFL) && !is_action(now, SIG_IGN)) return false;
    before = now;
    set_action({&on_signal, SA_SIGINFO | SA_ONSTACK | SA_RESTART | sa_restorer, &gangway_sigreturn, 0});
    is_open = true;
    return true;
}

// A thread's m is set up before anything that is published of it says that it runs a goroutine; the field is no atomic,
// and what an m that has ended leaves in it is answered by nobody. Volatile, or the load would be moved into the caller.
GANGWAY_ANYWHERE int tid_of(const m* mp) {
    return *const_cast<const volatile int*>(&mp->tid);
}

}  // namespace

capture_result capture_begin(const m* mp, std::int64_t ns, captured& to) {
    if (!open_capture()) return capture_result::refused;
    std::uint32_t question = same_but(current(), asked) + one_question;
    request.whom = mp;
    __atomic_store_n(&request.state, question, __ATOMIC_RELEASE);
    int tid = tid_of(mp);
    if (syscall(SYS_tgkill, getpid(), tid, the_signal) != 0) {
        move(question, idle);
        return capture_result::gone;
    }
    constexpr std::int64_t soon = 20'000'000;  // and how often is seen whether the thread still is this m
    std::int64_t asked_at = now();
    bool looked = false;
    for (std::uint32_t state = question; !is(state, held); state = current()) {
        std::int64_t waited = now() - asked_at;
        if (waited >= soon && !looked) {
            looked = true;
            if (blocks_signal(tid, the_signal) && move(question, idle)) return capture_result::blocked;
        }
        if (waited >= soon && tid_of(mp) != tid && move(question, idle)) return capture_result::gone;
        if (waited >= ns && move(question, idle)) return capture_result::no_answer;
        wait_while(state, std::clamp(ns - waited, std::int64_t{1'000'000}, soon));
    }
    to = request.got;
    return capture_result::held;
}

bool capture_end() {
    std::uint32_t state = current();
    bool stood_still = is(state, held) && move(state, idle);
    wake();
    return stood_still;
}

void capture_abandon() {
    __atomic_store_n(&request.state, same_but(current(), idle) + one_question, __ATOMIC_RELEASE);
    wake();
}

void capture_close() {
    if (!is_open) return;
    is_open = false;
    if (is_action(get_action(), &on_signal)) set_action(before);
}

}  // namespace gangway::runtime
