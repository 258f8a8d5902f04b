// SPDX-License-Identifier: BSD-3-Clause
// The child of a fork may exec or _exit, wherever the fork was, and the parent goes on. What else it may not is in
// crash_test.cpp.
#include <atomic>
#include <cstdio>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "c/callback.h"
#include "c/foreign.h"
#include "fixture.hpp"

extern char** environ;

namespace {

// Its exit code, or -1 where a signal has ended it.
int wait_for(pid_t pid) {
    int status = 0;
    EXPECT_EQ(pid, gangway::blocking_call<&::waitpid>(pid, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

[[noreturn]] void become_shell(const char* command) {
    ::execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
    ::_exit(127);
}

// TestCheckFDs' and forkexec's case: goroutines fork and exec at once, while others use the scheduler.
GOROUTINE_TEST(fork, eight_goroutines_fork_and_exec_at_once) {
    std::atomic<bool> stop{false};
    gangway::wait_group busy;
    gangway::chan<int> c;
    busy.go([&] {
        while (!stop) c.send(1);
        c.close();
    });
    busy.go([&] {
        while (c.recv()) {
        }
    });
    gangway::wait_group forking;
    for (int k = 0; k < 8; k++) {
        forking.go([k] {
            for (int i = 0; i < test::sized(10); i++) {
                const pid_t pid = gangway::call<&::fork>();
                if (pid == 0) become_shell(k % 2 == 0 ? "exit 3" : "exit 4");
                EXPECT_EQ(k % 2 == 0 ? 3 : 4, wait_for(pid));
            }
        });
    }
    forking.wait();
    stop = true;
    busy.wait();
}

GOROUTINE_TEST(fork, in_goroutine_code) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(5);
    EXPECT_EQ(5, wait_for(pid));
}

GOROUTINE_TEST(fork, within_one_call) {
    const pid_t pid = gangway::call([] {
        const pid_t child = ::fork();
        if (child == 0) become_shell("exit 6");
        return child;
    });
    EXPECT_EQ(6, wait_for(pid));
}

// The child comes out of the callback and of the call, and calls C once more.
GOROUTINE_TEST(fork, in_a_callback) {
    pid_t pid = -1;
    gangway::userdata_callback<void(void*), 0> forks([&] { pid = ::fork(); });
    gangway::call<&::callback>(forks.fn(), forks.data());
    if (pid == 0) gangway::call<&::_exit>(7);
    EXPECT_EQ(7, wait_for(pid));
}

// The call is so long that its p is taken, and the child comes back without one.
GOROUTINE_TEST(fork, in_a_call_that_lost_its_p) {
    const pid_t pid = gangway::blocking_call<&::fork>();
    if (pid == 0) ::_exit(8);
    EXPECT_EQ(8, wait_for(pid));
}

GOROUTINE_TEST(fork, on_a_foreign_thread_and_in_its_callback) {
    pid_t pid = -1;
    gangway::userdata_callback<void(void*), 0> forks([&] {
        pid = ::fork();
        if (pid == 0) ::_exit(9);
    });
    gangway::blocking_call<&::on_threads>(1, 0UL, 1, forks.fn(), forks.data());
    EXPECT_EQ(9, wait_for(pid));
}

GOROUTINE_TEST(fork, a_child_that_calls_quick_exit) {
    const pid_t pid = gangway::call<&::fork>();
    if (pid == 0) gangway::call([] { std::quick_exit(10); });
    EXPECT_EQ(10, wait_for(pid));
}

GOROUTINE_TEST(fork, C_that_starts_programs) {
    EXPECT_EQ(11, WEXITSTATUS(gangway::call<&::system>("exit 11")));
    std::string program = "/bin/sh", option = "-c", command = "exit 12";
    std::vector<char*> arguments{program.data(), option.data(), command.data(), nullptr};
    pid_t pid = -1;
    ASSERT_EQ(0,
              gangway::call<&::posix_spawn>(&pid, program.c_str(), nullptr, nullptr, arguments.data(), environ));
    EXPECT_EQ(12, wait_for(pid));
    FILE* from = gangway::call<&::popen>("echo text", "r");
    char line[16] = "";
    EXPECT_NE(nullptr, gangway::call<&::fgets>(line, 16, from));
    EXPECT_STREQ("text\n", line);
    EXPECT_EQ(0, gangway::call<&::pclose>(from));
}

}  // namespace
