// SPDX-License-Identifier: BSD-3-Clause
// Signals are C's: the runtime takes none, and what handlers C has may run at any instruction, on any stack.
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "c/callback.h"
#include "c/foreign.h"
#include "c/signals.h"
#include "fixture.hpp"

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// Every millisecond, wherever a thread is, until it goes.
class fire {
public:
    fire(int timer, int signal, bool on_alternate_stack, int us = 1000) : timer_(timer), signal_(signal) {
        ::signals_count(signal, on_alternate_stack ? 1 : 0);
        ::signals_every(timer, us);
    }
    ~fire() {
        ::signals_every(timer_, 0);
        ::signals_default(signal_);
    }
    fire(const fire&) = delete;
    fire& operator=(const fire&) = delete;

private:
    int timer_;
    int signal_;
};

std::int64_t add_one(std::int64_t x) {
    if (x % 100 == 0) gangway::gosched();
    return x + 1;
}

// Everything that switches stacks, at once.
void cross_until(const std::atomic<bool>& stop, gangway::wait_group& busy) {
    for (int i = 0; i < 2; i++) {
        busy.go([&] {
            while (!stop) {
                EXPECT_EQ(1275, gangway::call<&::sum_of>(gangway::exported<&add_one>, 50));
            }
        });
        busy.go([&] {
            gangway::chan<int> c;
            while (!stop) {
                gangway::go([c]() mutable { c.send(1); });
                c.recv();
                gangway::call_errno<&::close>(-1);
            }
        });
    }
    busy.go([&] {
        gangway::userdata_callback<void(void*), 0> cb([] { gangway::gosched(); });
        while (!stop) gangway::call<&::on_threads>(2, 0UL, 20, cb.fn(), cb.data());
    });
}

// CgoCCodeSIGPROF; libgo4's handler that needs 5 KB of stack
void crossings_under_a_profiler(bool on_alternate_stack) {
    std::atomic<bool> stop{false};
    gangway::wait_group busy;
    fire profiler(ITIMER_PROF, SIGPROF, on_alternate_stack);
    cross_until(stop, busy);
    EXPECT_TRUE(test::yield_until([] { return ::signals_counted() >= test::sized(200, 4); }));
    stop = true;
    busy.wait();
}

GOROUTINE_TEST(signals, CgoCCodeSIGPROF_on_the_stack_that_runs) {
    crossings_under_a_profiler(false);
}

GOROUTINE_TEST(signals, CgoCCodeSIGPROF_on_the_alternate_stack) {
    crossings_under_a_profiler(true);
}

// TestSpuriousWakeupsNeverHangSemasleep, wait_with_signal_triggered: waits are no shorter, and end.
GOROUTINE_TEST(signals, waits_with_a_limit) {
    static constexpr auto limit = 200ms;
    fire alarms(ITIMER_REAL, SIGALRM, false, 10'000);
    gangway::wait_group all;
    auto no_shorter = [](auto wait) {
        return [wait] {
            const auto start = clock::now();
            wait();
            EXPECT_GE(clock::now() - start, limit);
        };
    };
    all.go(no_shorter([] { gangway::sleep_for(limit); }));
    all.go(no_shorter([] { EXPECT_FALSE(gangway::semaphore(0).try_acquire_for(limit)); }));
    all.go(no_shorter([] {
        gangway::mutex m;
        gangway::condition_variable never;
        std::unique_lock lock(m);
        EXPECT_FALSE(never.wait_for(lock, limit, [] { return false; }));
    }));
    all.go(no_shorter([] {
        gangway::chan<int> never;
        gangway::select(gangway::on_recv(never, [](auto) { ADD_FAILURE(); }), gangway::on_timeout(limit, [] {}));
    }));
    all.wait();
    if (!test::under_tsan) {  // which puts handlers off, not signals
        EXPECT_TRUE(test::yield_until([] { return ::signals_counted() > 5; }));
    }
}

// testSigaltstack: C gives a thread of the runtime's another signal stack.
GOROUTINE_TEST(signals, testSigaltstack) {
    gangway::spawn([] {
        gangway::lock_os_thread();
        gangway::call<&::signal_stack_replace>();
        for (int i = 0; i < 10; i++) {
            gangway::gosched();
            gangway::call<&::sum_of>(gangway::exported<&add_one>, 100);
            EXPECT_TRUE(gangway::call<&::signal_stack_is_replaced>());
            EXPECT_TRUE(gangway::call<&::signal_handled_there>(SIGUSR1));
        }
        EXPECT_THAT(gangway::stacks(), ::testing::HasSubstr("goroutine "));
        EXPECT_TRUE(gangway::call<&::signal_stack_is_replaced>());
        gangway::call<&::signal_stack_put_back>();
        gangway::unlock_os_thread();
    }).join();
}

std::string inherited() {
    std::array<char, 200> text{};
    EXPECT_EQ(0, gangway::call<&::blocked_and_ignored_in_child>(text.data(), static_cast<int>(text.size())));
    return text.data();
}

// CgoExecSignalMask, SignalDuringExec
GOROUTINE_TEST(signals, CgoExecSignalMask) {
    const std::string before = inherited();
    EXPECT_THAT(before, ::testing::HasSubstr("SigBlk:\t0000000000000000"));
    std::atomic<bool> stop{false};
    gangway::wait_group all;
    all.go([&] {  // its thread's mask is its own
        gangway::lock_os_thread();
        gangway::call([] {
            sigset_t some;
            sigemptyset(&some);
            sigaddset(&some, SIGUSR2);
            ::pthread_sigmask(SIG_BLOCK, &some, nullptr);
        });
        while (!stop) gangway::gosched();
    });
    all.go([&] {  // a report uses a signal
        while (!stop) gangway::stacks();
    });
    {
        fire alarms(ITIMER_REAL, SIGALRM, false);
        gangway::wait_group forking;
        for (int i = 0; i < 4; i++) {
            forking.go([&] {
                for (int k = 0; k < test::sized(5); k++) EXPECT_EQ(before, inherited());
            });
        }
        forking.wait();
    }
    stop = true;
    all.wait();
}

// TestCPUProfileWithFork: a fork that takes longer than the profiler's interval must end all the same.
GOROUTINE_TEST(signals, TestCPUProfileWithFork) {
    if (test::under_sanitizer) GTEST_SKIP() << "the sanitizer's shadow of it all makes the fork too slow";
    constexpr unsigned long size = 256UL << 20;
    void* const memory = gangway::call<&::touched_memory>(size);
    ASSERT_NE(nullptr, memory);
    {
        fire profiler(ITIMER_PROF, SIGPROF, true);
        for (int i = 0; i < 10; i++) {
            const pid_t pid = gangway::call<&::fork>();
            if (pid == 0) ::_exit(7);
            int status = 0;
            EXPECT_EQ(pid, gangway::blocking_call<&::waitpid>(pid, &status, 0));
            EXPECT_EQ(7, WEXITSTATUS(status));
        }
    }
    gangway::call<&::free_touched_memory>(memory, size);
}

}  // namespace
