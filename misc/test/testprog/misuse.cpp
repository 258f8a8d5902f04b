// SPDX-License-Identifier: BSD-3-Clause
// Calls that are errors of the program and cannot be told it by an exception.
#include <gangway/gangway.hpp>
#include <mutex>
#include <string>

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

PROGRAM(shared_mutex_inside_c) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock();
        gangway::call([&] { rw.lock(); });
    });
}

PROGRAM(shared_mutex_lock_shared_inside_c) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock();
        gangway::call([&] { rw.lock_shared(); });
    });
}

PROGRAM(semaphore_inside_c) {
    gangway::run([] {
        gangway::semaphore s(0);
        gangway::call([&] { s.acquire(); });
    });
}

PROGRAM(condition_variable_inside_c) {
    gangway::run([] {
        gangway::mutex m;
        gangway::condition_variable c;
        gangway::call([&] {
            std::unique_lock lock(m);
            c.wait(lock);
        });
    });
}

PROGRAM(call_once_inside_c) {
    gangway::run([] {
        gangway::once_flag flag;
        gangway::call_once(flag, [&] { gangway::call([&] { gangway::call_once(flag, [] {}); }); });
    });
}

PROGRAM(unlock_of_unlocked_mutex) {
    gangway::run([] { gangway::mutex().unlock(); });
}

PROGRAM(unlock_of_unlocked_shared_mutex) {
    gangway::run([] { gangway::shared_mutex().unlock(); });
}

PROGRAM(unlock_of_shared_mutex_held_by_a_reader) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock_shared();
        rw.unlock();
    });
}

PROGRAM(unlock_of_shared_mutex_that_a_writer_waits_for) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock_shared();
        gangway::go([&] { rw.lock(); });
        while (gangway::stacks().find("[shared_mutex lock]") == std::string::npos) gangway::gosched();
        rw.unlock();
    });
}

PROGRAM(unlock_shared_of_unlocked_shared_mutex) {
    gangway::run([] { gangway::shared_mutex().unlock_shared(); });
}

PROGRAM(unlock_shared_of_shared_mutex_held_by_a_writer) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock();
        rw.unlock_shared();
    });
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
