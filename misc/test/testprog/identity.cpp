// SPDX-License-Identifier: BSD-3-Clause
// What belongs to all threads of a process: glibc changes it by a signal of its own to each of them.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <gangway/gangway.hpp>

#include "../c/hold.h"
#include "testprog.hpp"

namespace {

constexpr gid_t nobody = 65534;

// The threads whose four group ids are not all nobody's.
int threads_of_other_groups() {
    int others = 0;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(thread.path() / "status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("Gid:")) others += line == "Gid:\t65534\t65534\t65534\t65534" ? 0 : 1;
        }
    }
    return others;
}

// setgid_linux, issue1435: by goroutines whose threads then end, beside ones that are in C and parked ones.
PROGRAM(setgid_of_all_threads) {
    if (::getuid() != 0) {
        std::puts("not root");
        return;
    }
    gangway::run([] {
        int in_c = 0;
        int c_may_go_on = 0;
        gangway::wait_group busy;
        for (int i = 0; i < 3; i++) busy.go([&] { gangway::call<&::spin_in_c>(&in_c, &c_may_go_on); });
        while (__atomic_load_n(&in_c, __ATOMIC_SEQ_CST) != 3) gangway::gosched();
        std::atomic<int> failed{0};
        gangway::wait_group all;
        for (int i = 0; i < 50; i++) {
            all.go([&] {
                gangway::lock_os_thread();
                if (gangway::call<&::setgid>(nobody) != 0) failed++;
            });
        }
        all.wait();
        // glibc leaves out a thread that is about to end: it is gone soon.
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        int others = threads_of_other_groups();
        while (others != 0 && std::chrono::steady_clock::now() < until) others = threads_of_other_groups();
        std::printf("%d failed, %d threads of other groups\n", failed.load(), others);
        __atomic_store_n(&c_may_go_on, 1, __ATOMIC_SEQ_CST);
        busy.wait();
    });
}

}  // namespace
