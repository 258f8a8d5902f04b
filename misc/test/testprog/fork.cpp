// SPDX-License-Identifier: BSD-3-Clause
// What a child of fork may not do.
#include <cstdio>
#include <cstdlib>
#include <gangway/gangway.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "testprog.hpp"

namespace {

// The child runs use(); how it ends, and that the parent goes on.
template <class Use>
void child_uses(Use use) {
    gangway::run([&] {
        const pid_t pid = gangway::call<&::fork>();
        if (pid == 0) {
            use();
            ::_exit(0);
        }
        int status = 0;
        gangway::blocking_call<&::waitpid>(pid, &status, 0);
        gangway::spawn([] { gangway::gosched(); }).join();
        std::printf("signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    });
}

PROGRAM(fork_go) {
    child_uses([] { gangway::go([] {}); });
}
PROGRAM(fork_recv) {
    gangway::chan<int> c;
    child_uses([&] { c.recv(); });
}
PROGRAM(fork_wakes_a_goroutine) {
    gangway::chan<int> c(1);
    gangway::run([&] {
        gangway::go([c]() mutable { c.recv(); });
        while (gangway::stacks().find("chan receive") == std::string::npos) gangway::gosched();
    });
    child_uses([&] { c.send(1); });
}
PROGRAM(fork_mem_stats) {
    child_uses([] { gangway::read_mem_stats(); });
}
PROGRAM(fork_timer) {
    child_uses([] { gangway::after(std::chrono::milliseconds(1)); });
}
PROGRAM(fork_callback) {
    child_uses([] {
        gangway::userdata_callback<void(void*), 0> cb([] { gangway::spawn([] {}).join(); });
        gangway::call(cb.fn(), cb.data());
    });
}
PROGRAM(fork_run_on_a_plain_thread) {
    gangway::run([] {});
    if (::fork() == 0) {
        gangway::run([] {});
        ::_exit(0);
    }
    int status = 0;
    ::wait(&status);
    std::printf("signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}
PROGRAM(fork_exit) {
    child_uses([] { std::exit(0); });
}
// What no goroutine, thread or lock of the runtime has a part in.
PROGRAM(fork_harmless) {
    child_uses([] {
        gangway::sleep_for(std::chrono::milliseconds(1));
        gangway::gosched();
        gangway::mutex m;
        std::lock_guard guard(m);
        if (gangway::goid() != 0 || gangway::on_goroutine()) std::abort();
    });
}

}  // namespace
