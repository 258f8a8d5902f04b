// SPDX-License-Identifier: BSD-3-Clause
// What a process dies of by itself, it dies of in the same way with the runtime in it.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <gangway/gangway.hpp>

#include "../c/crash.h"
#include "testprog.hpp"

namespace {

PROGRAM(segv_in_c) {
    gangway::run([] { gangway::call<&::write_to_null>(); });
}

PROGRAM(segv_in_goroutine) {
    gangway::run([] {
        gangway::go([] { ::write_to_null(); });
        gangway::chan<int>().recv();
    });
}

// After the runtime has started, on a thread that is none of its own.
PROGRAM(segv_off_a_goroutine) {
    gangway::run([] {});
    ::write_to_null();
}

// SegvInCgo: sent from outside, while C runs.
PROGRAM(segv_sent) {
    gangway::run([] {
        gangway::call([] {
            std::raise(SIGSEGV);
            for (;;) {
            }
        });
    });
}

PROGRAM(abort_in_c) {
    gangway::run([] { gangway::call<&::abort_in_c>(); });
}

// A handler of C's that was there before is used for what is not the runtime's.
PROGRAM(segv_handler_before) {
    std::signal(SIGSEGV, [](int) {
        const char text[] = "C's own handler\n";  // write(2) is what a handler may use
        if (::write(STDOUT_FILENO, text, sizeof text - 1) < 0) std::_Exit(1);
        std::_Exit(3);
    });
    gangway::run([] { gangway::call<&::write_to_null>(); });
}

PROGRAM(segv_handler_after) {
    gangway::run([] {
        std::signal(SIGSEGV, [](int) { std::_Exit(4); });
        gangway::call<&::write_to_null>();
    });
}

// CgoCatchPanic: a fatal error is a SIGABRT for who handles it, installed early or late.
void on_abort(int) {
    std::puts("abort handled");
    std::fflush(stdout);
    std::_Exit(5);
}

PROGRAM(catches_fatal_error_early) {
    std::signal(SIGABRT, on_abort);
    gangway::run([] { gangway::mutex().unlock(); });
}

PROGRAM(catches_fatal_error_late) {
    gangway::run([] {
        std::signal(SIGABRT, on_abort);
        gangway::mutex().unlock();
    });
}

// Default dispositions of other signals are left alone.
PROGRAM(sigpipe) {
    gangway::run([] { gangway::call([] { std::raise(SIGPIPE); }); });
}

}  // namespace
