// SPDX-License-Identifier: BSD-3-Clause
// Reports of goroutines by processes that die, or are asked for one.
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <string>
#include <thread>

#include <gangway/gangway.hpp>

#include "runtime/traceback.hpp"

#include "../c/block.h"
#include "../c/callback.h"
#include "../c/hold.h"
#include "testprog.hpp"

#define NOT_INLINED __attribute__((noinline))

namespace {

std::atomic<int> here{0};
std::atomic<bool> stop{false};

NOT_INLINED void tight_loop() {
    here++;
    while (!stop.load(std::memory_order_relaxed)) {
    }
    asm volatile("");
}

NOT_INLINED void waits_for_ever(gangway::chan<int>& c) {
    c.recv();
    asm volatile("");
}

// A goroutine that was made need not have run yet, whoever else has: a report shows it as it is.
void until_all_are_there(int in_loops, int parked) {
    while (here.load() != in_loops || gangway::runtime::count_goroutines_in("chan receive") != parked) {
        gangway::gosched();
    }
}

NOT_INLINED void unlocks_wrongly() {
    gangway::mutex().unlock();
    asm volatile("");
}

// TestCrashDumpsAllThreads
PROGRAM(traceback_crash_dumps_all_threads) {
    gangway::options opts;
    opts.maxprocs = 5;
    gangway::run(opts, [] {
        for (int i = 0; i < 4; i++) gangway::go([] { tight_loop(); });
        while (here.load() != 4) gangway::call<&::sleep_ms>(1);
        unlocks_wrongly();
    });
}

// TestPanicSystemstack: two in C on g0, with the goroutine's frames below
NOT_INLINED void calls_spin(int* in, int* out) {
    gangway::call<&::spin_in_c>(in, out);
    asm volatile("");
}

PROGRAM(traceback_in_c) {
    gangway::run([] {
        static int in = 0, out = 0;
        for (int i = 0; i < 2; i++) gangway::go([] { calls_spin(&in, &out); });
        while (__atomic_load_n(&in, __ATOMIC_SEQ_CST) != 2) gangway::call<&::sleep_ms>(1);
        unlocks_wrongly();
    });
}

NOT_INLINED int fails_in_callback(void*) {
    unlocks_wrongly();
    asm volatile("");
    return 0;
}

NOT_INLINED void calls_failing() {
    gangway::call<&::outer_in_c>(gangway::exported<&fails_in_callback>, nullptr);
    asm volatile("");
}

PROGRAM(traceback_in_callback) {
    gangway::run([] { calls_failing(); });
}

NOT_INLINED int recurse_for_traceback(int depth) {
    volatile char frame[4096];
    frame[0] = static_cast<char>(depth);
    if (depth == -1) return 0;
    return recurse_for_traceback(depth + 1) + frame[0];
}

NOT_INLINED void starts_recursion() {
    recurse_for_traceback(0);
    asm volatile("");
}

PROGRAM(traceback_overflow) {
    gangway::run([] {
        gangway::chan<int> c;
        gangway::go([c]() mutable { waits_for_ever(c); });
        until_all_are_there(0, 1);
        gangway::go([] { starts_recursion(); });
        gangway::chan<int>().recv();
    });
}

// On a small alternate stack of the program's own.
PROGRAM(traceback_overflow_small_altstack) {
    static char small[16384];
    stack_t s{};
    s.ss_sp = small;
    s.ss_size = sizeof small;
    sigaltstack(&s, nullptr);
    gangway::run([] { starts_recursion(); });
}

// A report from a signal's handler, with malloc's lock held by the thread that was interrupted.
PROGRAM(traceback_with_malloc_locked) {
    std::signal(SIGUSR1, [](int) { unlocks_wrongly(); });
    gangway::run([] {
        gangway::call([] {
            // malloc_trim holds an arena's lock for nearly all of its time.
            const pid_t self = gettid();
            std::thread([self] {
                usleep(20'000);
                tgkill(getpid(), self, SIGUSR1);
            }).detach();
            for (;;) malloc_trim(0);
        });
    });
}

// A fault inside the report: what it reads of this program cannot be read any more.
PROGRAM(traceback_that_faults) {
    gangway::run([] {
        dl_iterate_phdr(
            [](dl_phdr_info* info, std::size_t, void*) {
                for (int i = 0; i < info->dlpi_phnum; i++) {
                    if (info->dlpi_phdr[i].p_type != PT_GNU_EH_FRAME) continue;
                    auto at = (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr) & ~std::uintptr_t{4095};
                    mprotect(reinterpret_cast<void*>(at), 4096, PROT_NONE);
                }
                return 1;  // the program is the first
            },
            nullptr);
        unlocks_wrongly();
    });
}

PROGRAM(traceback_two_at_once) {
    gangway::run([] {
        for (int i = 0; i < 4; i++) {
            gangway::go([] {
                gangway::call([] { usleep(20'000); });
                unlocks_wrongly();
            });
        }
        gangway::chan<int>().recv();
    });
}

int count_in(const std::string& text, const char* what) {
    int n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) n++;
    return n;
}

// TestCrashDumpsAllThreads. The program goes on after each of two; it reads them itself, to know when they are there.
PROGRAM(traceback_sigquit) {
    gangway::options opts;
    opts.maxprocs = 5;
    gangway::run(opts, [] {
        for (int i = 0; i < 4; i++) gangway::go([] { tight_loop(); });
        gangway::chan<int> c;
        gangway::go([c]() mutable { waits_for_ever(c); });
        until_all_are_there(4, 1);
        int fds[2];
        if (pipe(fds) != 0) std::abort();
        const int to_test = dup(STDERR_FILENO);
        dup2(fds[1], STDERR_FILENO);
        for (int i = 0; i < 2; i++) {
            std::raise(SIGQUIT);
            std::string text;
            while (count_in(text, "::tight_loop()") < 4 || count_in(text, "::waits_for_ever(") < 1) {
                char part[4096];
                const ssize_t n = gangway::call<&::read>(fds[0], part, sizeof part);
                if (n <= 0) std::abort();
                text.append(part, static_cast<std::size_t>(n));
                if (write(to_test, part, static_cast<std::size_t>(n)) != n) std::abort();
            }
        }
        dup2(to_test, STDERR_FILENO);
        stop = true;
        c.close();
    });
    std::puts("went on");
}

PROGRAM(traceback_parked) {
    gangway::run([] {
        gangway::chan<int> c;
        gangway::go([c]() mutable { waits_for_ever(c); });
        until_all_are_there(0, 1);
        unlocks_wrongly();
    });
}

}  // namespace
