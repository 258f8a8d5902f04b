// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/last_report.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "runtime/switch.hpp"

namespace gangway::runtime {

namespace {

constexpr unsigned time_limit = 60;  // s; reading the symbols of a large program takes some of them
constexpr std::size_t stack_size = 512 << 10;
alignas(64) char stack_of_report[stack_size];  // no pages before it is used

int reporter = 0;  // written before the handlers are installed

void say(const char* text) {
    [[maybe_unused]] ssize_t n = write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void give_up() {
    std::signal(SIGALRM, SIG_IGN);
    std::abort();
}

void on_fault(int) {
    // Another thread: it dies with the process, and its fault would only be mixed into the report.
    while (gettid() != reporter) pause();
    say("\nruntime: fault inside the report, which ends here\n");
    give_up();
}

void on_time_limit(int) {
    say("\nruntime: the report takes too long and ends here\n");
    give_up();
}

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction ours {};
    ours.sa_handler = handler;
    ours.sa_flags = flags;
    sigemptyset(&ours.sa_mask);
    sigaction(signal, &ours, nullptr);
}

void unblock(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (int s : signals) sigaddset(&set, s);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

void run_last_report(void (*f)()) noexcept {
    reporter = gettid();
    for (int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) handle(s, &on_fault, SA_ONSTACK | SA_NODEFER);
    handle(SIGALRM, &on_time_limit, 0);
    unblock({SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM});
    alarm(time_limit);
    void* unused_sp = nullptr;
    gangway_call_on_stack(
        [](void* at) {
            (*static_cast<void (**)()>(at))();
            return std::uint64_t{0};
        },
        &f, stack_of_report + stack_size, &unused_sp);
    alarm(0);
}

}  // namespace gangway::runtime
