// SPDX-License-Identifier: BSD-3-Clause
// Stacks that are used up.
#include <gangway/gangway.hpp>

#include "../c/callback.h"
#include "../c/crash.h"
#include "../c/nested.h"
#include "../preempt/preemptible.hpp"
#include "testprog.hpp"

namespace {

__attribute__((noinline)) int recurse(int depth) {
    volatile char frame[65536];
    frame[0] = static_cast<char>(depth);
    if (depth == -1) return 0;
    return recurse(depth + 1) + frame[0];
}

PROGRAM(stack_overflow) {
    gangway::run([] {
        gangway::go([] { recurse(0); });
        gangway::chan<int>().recv();
    });
}

__attribute__((noinline)) int recurse_a_little(int depth) {
    volatile char frame[64];
    frame[0] = static_cast<char>(depth);
    if (depth == -1) return 0;
    return recurse_a_little(depth + 1) + frame[0];
}

PROGRAM(stack_overflow_small_frames) {
    gangway::run([] { recurse_a_little(0); });
}

// Found by a function's prologue, before the guard pages are touched.
PROGRAM(stack_overflow_preemptible) {
    gangway::run([] { preemptible::recurse(1 << 30); });
}

PROGRAM(stack_overflow_preemptible_large_frames) {
    gangway::run([] { preemptible::recurse_in_large_frames(1 << 30); });
}

PROGRAM(stack_overflow_in_callback) {
    gangway::run([] {
        gangway::userdata_callback<void(void*), 0> cb([] { recurse(0); });
        gangway::call<&::callback>(cb.fn(), cb.data());
    });
}

std::int64_t deeper(std::int64_t depth) {
    return depth == 0 ? 0 : gangway::call<&::descend>(gangway::exported<&deeper>, depth);
}

PROGRAM(nested_callbacks_overflow) {
    gangway::options opts;
    opts.stack_size = 32 << 10;
    gangway::run(opts, [] { deeper(1000); });
}

PROGRAM(c_stack_overflow) {
    gangway::run([] { gangway::call<&::use_up_the_stack>(0); });
}

PROGRAM(c_stack_overflow_on_another_thread) {
    gangway::run([] {
        gangway::go([] { gangway::call<&::use_up_the_stack>(0); });
        gangway::chan<int>().recv();
    });
}

}  // namespace
