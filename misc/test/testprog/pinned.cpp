// SPDX-License-Identifier: BSD-3-Clause
// Misuse of pinned_thread and event_loop, and waits for them that never end.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <gangway/gangway.hpp>
#include <gangway/loop/poll.hpp>
#include <memory>
#include <optional>
#include <string>

#include "testprog.hpp"

namespace {

using namespace std::chrono_literals;

PROGRAM(pinned_threads_in_a_cycle) {
    gangway::run([] {
        gangway::pinned_thread a("a"), b("b");
        a.run([&] { b.run([&] { a.run([] {}); }); });
    });
}

// The one that is alone on the thread waits for another that is to run there.
PROGRAM(bound_goroutine_waits_locked_for_another) {
    gangway::run([] {
        gangway::pinned_thread t;
        t.run([&] {
            gangway::os_thread_lock alone;
            gangway::chan<int> ch;
            t.go([ch]() mutable { ch.send(1); });
            ch.recv();
        });
    });
}

PROGRAM(pinned_thread_destroyed_on_itself) {
    gangway::run([] {
        std::optional<gangway::pinned_thread> t(std::in_place);
        t->run([&] { t.reset(); });
    });
}

PROGRAM(exception_in_pinned_post) {
    gangway::run([] {
        gangway::pinned_thread t;
        t.post([] { throw std::runtime_error("nobody's"); });
        t.run([] {});
    });
}

PROGRAM(pinned_run_in_c) {
    gangway::run([] {
        gangway::pinned_thread t;
        gangway::call([&] { t.run([] {}); });
    });
}

PROGRAM(event_loop_destroyed_while_run_waits) {
    gangway::run([] {
        auto loop = std::make_unique<gangway::poll_loop>();
        gangway::go([&] { loop->run([] {}); });
        while (gangway::stacks().find("[event_loop run") == std::string::npos) gangway::gosched();
        loop.reset();
    });
}

PROGRAM(event_loop_destroyed_while_exec_runs) {
    gangway::run([] {
        auto loop = std::make_unique<gangway::poll_loop>();
        gangway::go([&] { loop->exec(); });
        loop->run([] {});
        loop.reset();
    });
}

PROGRAM(run_posted_on_another_thread) {
    gangway::run([] {
        gangway::poll_loop loop;
        loop.run_posted();
    });
}

// A run() of a loop that nobody has started waits for ever.
PROGRAM(event_loop_never_run) {
    gangway::run([] {
        gangway::poll_loop loop;
        loop.run([] {});
    });
}

gangway::event_loop* posted_to = nullptr;

void post_from_handler(int) {
    posted_to->post([] {});
}

PROGRAM(post_in_a_signal_handler) {
    gangway::run([] {
        gangway::poll_loop loop;
        posted_to = &loop;
        std::signal(SIGUSR1, &post_from_handler);
        loop.post([] {});  // elsewhere it is none
        std::raise(SIGUSR1);
    });
}

PROGRAM(post_in_a_signal_handler_in_c) {
    gangway::run([] {
        gangway::poll_loop loop;
        posted_to = &loop;
        std::signal(SIGUSR1, &post_from_handler);
        gangway::call([] { std::raise(SIGUSR1); });
    });
}

// With loopwait: what waits is told of, and the loop goes on.
void stand_still(const std::function<void()>& until) {
    gangway::run([&] {
        gangway::poll_loop loop;
        gangway::chan<int> answer;
        loop.post([&] {
            answer.recv();
            loop.quit();
        });
        gangway::go([&until, answer]() mutable {
            until();
            answer.send(1);
        });
        loop.exec();
    });
}

PROGRAM(event_loop_stands_still) {
    stand_still([] { gangway::sleep_for(300ms); });
}

PROGRAM(event_loop_stands_still_until_it_is_told) {
    int fds[2];
    if (pipe(fds) != 0) std::abort();
    const int to_test = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    stand_still([&] {
        std::string text;
        while (text.find("testprog/pinned.cpp:") == std::string::npos) {
            char part[4096];
            const ssize_t n = gangway::call<&::read>(fds[0], part, sizeof part);
            if (n <= 0 || write(to_test, part, static_cast<std::size_t>(n)) != n) std::abort();
            text.append(part, static_cast<std::size_t>(n));
        }
        dup2(to_test, STDERR_FILENO);
    });
}

}  // namespace
