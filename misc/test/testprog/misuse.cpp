// SPDX-License-Identifier: BSD-3-Clause
// Calls that are errors of the program and cannot be told it by an exception.
#include <cstdio>
#include <gangway/gangway.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <vector>

#include "../c/callback.h"
#include "testprog.hpp"

namespace {

std::int64_t identity(std::int64_t i) {
    return i;
}

PROGRAM(callback_from_leaf_call) {
    gangway::run([] { gangway::leaf_call<&::sum_of>(gangway::exported<&identity>, 3); });
}

PROGRAM(callback_called_after_release) {
    gangway::run([] {
        int (*late)(const char*, double) = nullptr;
        {
            gangway::callback<int(const char*, double)> c([](const char*, double) { return 1; });
            late = c.get();
        }
        gangway::call(late, "", 1.0);
    });
}

PROGRAM(callback_called_after_release_in_its_last_call) {
    gangway::run([] {
        std::optional<gangway::callback<void(int)>> c;
        void (*f)(int) = nullptr;
        c.emplace([&](int depth) {
            c.reset();
            if (depth == 0) gangway::call(f, 1);
        });
        f = c->get();
        gangway::call(f, 0);
    });
}

PROGRAM(callback_where_no_page_becomes_executable) {
    constexpr int set_mdwe = 65;  // PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN
    if (::prctl(set_mdwe, 1UL, 0UL, 0UL, 0UL) != 0) {
        std::printf("not on this kernel\n");
        return;
    }
    void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) std::printf("the kernel makes such pages\n");
    gangway::run([] {
        std::vector<gangway::callback<int(int)>> all;
        int sum = 0;
        for (int i = 0; i < 1000; i++) all.emplace_back([i](int n) { return n * i; });
        for (auto& c : all) sum += gangway::call(c.get(), 2);
        std::printf("%d\n", sum);
    });
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
        while (gangway::stacks().find("[shared_mutex lock") == std::string::npos) gangway::gosched();
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
