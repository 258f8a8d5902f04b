// SPDX-License-Identifier: BSD-3-Clause
// Calls that are errors of the program and cannot be told it by an exception.
#include <gangway/gangway.hpp>

#include "../c/callback.h"
#include "testprog.hpp"

namespace {

std::int64_t identity(std::int64_t i) {
    return i;
}

PROGRAM(callback_from_leaf_call) {
    gangway::run([] { gangway::leaf_call<&::sum_of>(gangway::exported<&identity>, 3); });
}

PROGRAM(recv_inside_c) {
    gangway::run([] {
        gangway::chan<int> c;
        gangway::call([&] { c.recv(); });
    });
}

PROGRAM(send_inside_c) {
    gangway::run([] {
        gangway::chan<int> c;
        gangway::call([&] { c.send(1); });
    });
}

PROGRAM(mutex_inside_c) {
    gangway::run([] {
        gangway::mutex m;
        m.lock();
        gangway::call([&] { m.lock(); });
    });
}

PROGRAM(wait_group_inside_c) {
    gangway::run([] {
        gangway::wait_group wg;
        wg.add();
        gangway::call([&] { wg.wait(); });
    });
}

PROGRAM(unlock_of_unlocked_mutex) {
    gangway::run([] { gangway::mutex().unlock(); });
}

PROGRAM(thread_exhaustion) {
    gangway::options opts;
    opts.max_threads = 10;
    gangway::run(opts, [] {
        gangway::chan<int> never;
        for (int i = 0; i < 100; i++) {
            gangway::go([never]() mutable {
                gangway::lock_os_thread();
                never.recv();
            });
        }
        never.recv();
    });
}

// Runs to its end where the environment is right: crash_test gives it wrong ones.
PROGRAM(starts) {
    gangway::run([] { gangway::spawn([] {}).join(); });
}

}  // namespace
