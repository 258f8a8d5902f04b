// SPDX-License-Identifier: BSD-3-Clause
// Sleeping, timers, tickers. Time is the subject here; the bounds are those that hold on any machine.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <unistd.h>

#include "c/block.h"
#include "fixture.hpp"
#include "runtime/timer.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

GOROUTINE_TEST(sleep_for, sleeps_at_least_as_long) {
    for (auto d : {0us, 1us, 100us, 2000us}) {
        const auto before = clock_type::now();
        gangway::sleep_for(d);
        EXPECT_GE(clock_type::now() - before, d);
    }
}

GOROUTINE_TEST(sleep_for, of_a_negative_or_zero_time_yields) {
    gangway::sleep_for(-1h);
    gangway::sleep_for(std::chrono::hours::min());
    gangway::sleep_for(0s);
}

// TestSleepZeroDeadlock
GOROUTINE_TEST(sleep_for, zero_beside_stops_of_the_world_loses_no_goroutine) {
    for (int i = 0; i < 100; i++) {
        gangway::wait_group wg;
        wg.go([] { gangway::sleep_for(0s); });
        wg.go([] { gangway::read_mem_stats(); });
        wg.wait();
    }
}

GOROUTINE_TEST(sleep_for, many_at_once_all_wake) {
    constexpr int n = test::under_sanitizer ? 500 : 20'000;
    gangway::wait_group wg;
    std::atomic<int> woke{0};
    for (int i = 0; i < n; i++) {
        wg.go([&, i] {
            gangway::sleep_for(std::chrono::microseconds(i % 1000));
            woke++;
        });
    }
    wg.wait();
    EXPECT_EQ(n, woke.load());
}

TEST(sleep_for, off_a_goroutine_sleeps_the_thread) {
    const auto before = clock_type::now();
    gangway::sleep_for(2ms);
    EXPECT_GE(clock_type::now() - before, 2ms);
}

GOROUTINE_TEST(after, gives_the_time_once) {
    const auto before = clock_type::now();
    auto at = gangway::after(1ms).recv();
    ASSERT_TRUE(at.has_value());
    EXPECT_GE(*at - before, 1ms);
}

GOROUTINE_TEST(timer, runs_once_and_can_be_reset_and_stopped) {
    gangway::chan<int> ran(10);
    gangway::timer t(1ms, [ran]() mutable { ran.send(1); });
    EXPECT_EQ(1, ran.recv());
    EXPECT_FALSE(t.stop());
    EXPECT_FALSE(t.reset(1h));
    EXPECT_TRUE(t.reset(1ms)) << "it was pending, for an hour";
    EXPECT_EQ(1, ran.recv());
    t.reset(1h);
    EXPECT_TRUE(t.stop());
    EXPECT_FALSE(t.stop());
}

GOROUTINE_TEST(timer, of_a_time_that_no_clock_can_hold_never_runs) {
    gangway::timer t(std::chrono::hours::max(), [] { ADD_FAILURE() << "ran"; });
    gangway::sleep_for(1ms);
    EXPECT_TRUE(t.stop());
}

// TestOverflowSleep: a time that is too long for the clock is never, one that is too short is now.
GOROUTINE_TEST(after, TestOverflowSleep) {
    for (auto d : {std::chrono::hours::max(), std::chrono::hours(24 * 365 * 292)}) {
        EXPECT_EQ(1U, gangway::select(gangway::on_recv(gangway::after(d), [](auto) {}),
                                      gangway::on_timeout(2ms, [] {})));
    }
    for (auto d : {std::chrono::hours::min(), std::chrono::hours(-24 * 365 * 292)}) {
        EXPECT_TRUE(gangway::after(d).recv().has_value());
    }
}

// TestAdjustTimers: many that are set earlier and later again and again. A setting that was not replaced or stopped while
// it was pending has run.
GOROUTINE_TEST(timer, TestAdjustTimers) {
    const int n = test::sized(500);
    gangway::wait_group done;
    for (int i = 0; i < n; i++) {
        done.go([i] {
            std::atomic<int> ran{0};
            int expected = 0;
            gangway::timer t(1h, [&] { ++ran; });
            for (int k = 0; k < 10; k++) {
                const auto d = (i + k) % 3 == 0 ? std::chrono::microseconds(1h) : 100us * ((i * k) % 7);
                expected += t.reset(d) ? 0 : 1;
                if ((i + k) % 4 == 0) gangway::sleep_for(1us * ((i * 31 + k) % 300));
            }
            expected += t.stop() ? 0 : 1;
            EXPECT_FALSE(t.reset(100us));
            EXPECT_TRUE(test::yield_until([&] { return ran == expected + 1; })) << ran << " of " << expected + 1;
        });
    }
    done.wait();
}

// TestMultiWakeupTimer: many goroutines set and stop one timer.
GOROUTINE_TEST(timer, TestMultiWakeupTimer) {
    std::atomic<int> ran{0};
    gangway::timer t(1h, [&] { ++ran; });
    gangway::wait_group done;
    for (int i = 0; i < 2 * test::ps(); i++) {
        done.go([&, i] {
            for (int k = 0; k < test::sized(2000); k++) {
                if ((k + i) % 5 == 0) {
                    t.stop();
                } else {
                    t.reset(std::chrono::nanoseconds((k * 7 + i) % 2000));
                }
                if (k % 16 == 0) gangway::gosched();
            }
        });
    }
    done.wait();
    const int before = ran;
    t.reset(0ns);
    EXPECT_TRUE(test::yield_until([&] { return ran > before; }));
    t.stop();
    EXPECT_TRUE(test::until_alone());
}

// A heap of many levels. Each of them runs once, or had been stopped.
GOROUTINE_TEST(timer, a_hundred_thousand_at_once) {
    const int n = test::sized(100'000, 50);
    std::atomic<int> ran{0};
    std::vector<gangway::timer> timers;
    timers.reserve(static_cast<std::size_t>(n));
    const auto others = gangway::runtime::pending_timers();
    for (int i = 0; i < n; i++) timers.emplace_back(1h, [&] { ++ran; });
    EXPECT_EQ(others + static_cast<std::uint64_t>(n), gangway::runtime::pending_timers());
    int stopped = 0;
    for (int i = 0; i < n; i++) {
        auto& t = timers[static_cast<std::size_t>(i * 7 % n)];
        if (i % 4 == 0) {
            stopped += t.stop() ? 1 : 0;
        } else {
            t.reset(std::chrono::microseconds(i * 37 % 20'000));
        }
    }
    EXPECT_TRUE(test::yield_until([&] { return ran + stopped == n; })) << ran << " + " << stopped;
    EXPECT_EQ(others, gangway::runtime::pending_timers());
}

GOROUTINE_TEST(timer, that_is_destroyed_does_not_run) {
    const auto destroyed_in_time = [](const std::shared_ptr<std::atomic<bool>>& ran) {
        const auto before = clock_type::now();
        gangway::timer(2ms, [ran] { *ran = true; });
        return clock_type::now() - before < 2ms;
    };
    std::shared_ptr<std::atomic<bool>> ran;
    do {
        ran = std::make_shared<std::atomic<bool>>(false);
    } while (!destroyed_in_time(ran));
    gangway::sleep_for(5ms);
    EXPECT_FALSE(*ran);
}

// TestTimerModifiedEarlier: set earlier than another that an m sleeps for.
GOROUTINE_TEST(timer, that_is_set_earlier_is_not_late) {
    gangway::timer late(1h, [] {});
    const auto before = clock_type::now();
    for (int i = 0; i < 20; i++) {
        gangway::chan<int> ran(1);
        gangway::timer t(1h, [ran]() mutable { ran.send(1); });
        t.reset(1ms);
        EXPECT_EQ(1, ran.recv());
    }
    EXPECT_LT(clock_type::now() - before, 10s);
}

// TestTimerStopStress: either stop() says that it will not run, or it runs.
GOROUTINE_TEST(timer, stop_beside_firing_tells_the_truth) {
    constexpr int n = test::under_sanitizer ? 200 : 5'000;
    std::atomic<int> ran{0};
    int stopped = 0;
    for (int i = 0; i < n; i++) {
        gangway::timer t(std::chrono::microseconds(i % 50), [&] { ran++; });
        if (i % 3 == 0) gangway::gosched();
        stopped += t.stop() ? 1 : 0;
    }
    EXPECT_TRUE(test::yield_until([&] { return ran.load() + stopped == n; })) << ran << " + " << stopped;
}

GOROUTINE_TEST(ticker, ticks_and_slow_receivers_miss_some) {
    gangway::ticker t(1ms);
    auto ticks = t.channel();
    for (int i = 0; i < 5; i++) EXPECT_TRUE(ticks.recv().has_value());
    gangway::sleep_for(10ms);
    EXPECT_LE(ticks.size(), 1U);
    t.stop();
    EXPECT_THROW(gangway::ticker(0ms), std::invalid_argument);
    EXPECT_THROW(gangway::ticker(-1ms), std::invalid_argument);
}

// TestMultiWakeupTicker: many goroutines receive from one.
GOROUTINE_TEST(ticker, TestMultiWakeupTicker) {
    gangway::ticker t(10us);
    std::atomic<int> left{test::sized(1000)};
    gangway::wait_group done;
    for (int i = 0; i < 2 * test::ps(); i++) {
        done.go([&left, ticks = t.channel()]() mutable {
            while (--left > 0) ticks.recv();
        });
    }
    constexpr int now_and_then = 1000;  // or it would never come to tick
    for (int i = 0; left > 0; i++) {
        if (i % now_and_then == 0) t.reset(std::chrono::microseconds(5 + i / now_and_then % 10));
        gangway::gosched();
    }
    done.wait();
}

// Of goroutines whose timers fire at once, the m that fires them takes one: the others have to be told to other ms. Each
// waits for the rest without letting its p go.
GOROUTINE_TEST(sleep_for, that_end_at_once_let_as_many_run_as_there_are_ps) {
    const int n = std::min(test::ps(), gangway::num_cpu());
    for (int round = 0; round < test::sized(200, 20); round++) {
        const auto at = clock_type::now() + 200us;
        std::atomic<int> here{0};
        gangway::wait_group wg;
        for (int i = 0; i < n; i++) {
            wg.go([&] {
                gangway::sleep_for(at - clock_type::now());
                here++;
                while (here < n) continue;
            });
        }
        wg.wait();
    }
}

// A timer's goroutine goes before those of the global queue, but not for ever.
GOROUTINE_TEST(sleep_for, again_and_again_lets_the_global_queue_have_its_turn) {
    if (test::ps() != 1) GTEST_SKIP() << "others would take it";
    for (int round = 0; round < 20; round++) {
        std::atomic<bool> ran{false};
        std::thread([&] { gangway::go([&] { ran = true; }); }).join();  // no p of its own: into the global queue
        int sleeps = 0;
        for (; !ran && sleeps < 1'000'000; sleeps++) gangway::sleep_for(1ns);
        EXPECT_LT(sleeps, 1000) << "a turn of others comes in every 61";
        ASSERT_TRUE(ran);
    }
}

extern "C" long timer_slack() {
    return ::prctl(PR_GET_TIMERSLACK);
}

// The monitor's own is short. Here it makes threads, for ps that it takes from calls that block.
GOROUTINE_TEST(sleep_for, c_finds_the_timer_slack_of_the_process_on_every_thread) {
    const long usual = gangway::call<&timer_slack>();
    const int n = 4 * test::ps();
    gate* all_in_c = ::gate_new();
    gangway::wait_group wg;
    for (int i = 0; i < n; i++) {
        wg.go([=] {
            EXPECT_EQ(usual, gangway::call([=] {
                          ::gate_meet(all_in_c, n);
                          return timer_slack();
                      }));
        });
    }
    wg.wait();
    ::gate_free(all_in_c);
}

// Every p is taken into a call of C that does not end meanwhile: timers go on.
GOROUTINE_TEST(ticker, goes_on_while_every_p_is_in_c) {
    gate* over = ::gate_new();
    gangway::wait_group wg;
    for (int i = 0; i < 2 * test::ps(); i++) wg.go([&] { gangway::call<&::gate_wait>(over, 0); });
    gangway::ticker t(1ms);
    auto ticks = t.channel();
    for (int i = 0; i < 50; i++) ticks.recv();  // without the monitor's retake none comes
    ::gate_open(over);
    wg.wait();
    ::gate_free(over);
}

// Goroutines that yield for ever starve neither timers nor the poller's sleeper.
GOROUTINE_TEST(sleep_for, wakes_beside_goroutines_that_yield_for_ever) {
    std::atomic<bool> done{false};
    gangway::wait_group wg;
    for (int i = 0; i < 2 * test::ps(); i++) {
        wg.go([&] {
            while (!done) gangway::gosched();
        });
    }
    for (int i = 0; i < 20; i++) gangway::sleep_for(1ms);
    done = true;
    wg.wait();
}

}  // namespace
