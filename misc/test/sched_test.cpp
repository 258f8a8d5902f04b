// SPDX-License-Identifier: BSD-3-Clause
// The scheduler from outside: what is runnable runs, on as many threads as there are ps, and nobody is forgotten.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace {

// TestGoroutineParallelism: goroutines that spin, without a yield, for each other's turn must all run at once.
void all_run_at_once(int n, int trials) {
    for (int trial = 0; trial < trials; trial++) {
        std::atomic<int> turn{0};
        gangway::wait_group done;
        for (int p = 0; p < n; p++) {
            done.go([&turn, p, n] {
                for (int i = 0; i < 3; i++) {
                    while (turn != n * i + p) {
                    }
                    turn = n * i + (p + 1 == n ? n : p + 1);
                }
            });
        }
        done.wait();
        EXPECT_EQ(3 * n, turn);
    }
}

GOROUTINE_TEST(sched, TestGoroutineParallelism) {
    all_run_at_once(std::min(test::ps(), 4), test::sized(10, 5));
}

// TestGoroutineParallelism2: the same from a goroutine that was started just after every thread went to sleep.
GOROUTINE_TEST(sched, TestGoroutineParallelism2) {
    for (int i = 0; i < test::sized(10, 5); i++) {
        // A while without work, so that they do sleep: the subject is that they are woken.
        gangway::call([] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); });
        gangway::spawn([] { all_run_at_once(std::min(test::ps(), 4), 1); }).join();
    }
}

// "no lost wakeups under bursty spawn"
GOROUTINE_TEST(sched, bursts_of_spawns_over_an_idle_pool) {
    const int burst = 50 * std::min(test::ps(), 8);
    for (int b = 0; b < test::sized(100); b++) {
        std::atomic<int> ran{0};
        gangway::wait_group done;
        for (int i = 0; i < burst; i++) {
            done.go([&] {
                if (++ran % 10 == 0) gangway::gosched();
            });
        }
        done.wait();
        ASSERT_EQ(burst, ran);
    }
}

void tree(int depth, std::atomic<int>& leaves, gangway::wait_group& done) {
    if (depth == 0) {
        ++leaves;
        return;
    }
    for (int i = 0; i < 3; i++) {
        done.go([depth, &leaves, &done] { tree(depth - 1, leaves, done); });
    }
}

GOROUTINE_TEST(sched, nested_spawns) {
    for (int i = 0; i < test::sized(20); i++) {
        std::atomic<int> leaves{0};
        gangway::wait_group done;
        tree(6, leaves, done);
        done.wait();
        ASSERT_EQ(729, leaves);
    }
}

// With one p a yield lets each other runnable goroutine go first.
TEST(sched, a_yield_lets_the_others_go_first) {
    test::run_and_check(test::with_ps(1), [] {
        constexpr int n = 10;
        int ran[n] = {};
        gangway::wait_group done;
        for (int i = 0; i < n; i++) {
            done.go([&, i] {
                for (int r = 0; r < 100; r++) {
                    ++ran[i];
                    gangway::gosched();
                }
            });
        }
        for (int r = 1; r <= 100; r++) {
            gangway::gosched();
            for (int i = 0; i < n; i++) ASSERT_LE(r - 1, ran[i]) << i;
        }
        done.wait();
    });
}

// TestPingPongHog: two that ready each other all the time do not keep a third from running.
GOROUTINE_TEST(sched, a_pair_in_conversation_starves_nobody) {
    std::atomic<bool> over{false};
    gangway::chan<int> there;
    gangway::chan<int> back;
    gangway::wait_group done;
    done.go([&, there, back]() mutable {
        while (!over) {
            there.send(1);
            back.recv();
        }
        there.close();
    });
    done.go([there, back]() mutable {
        for (int v : there) back.send(v);
    });
    // As many pairs as ps, so that no p is left over for the third.
    std::vector<gangway::chan<int>> pairs;
    for (int p = 1; p < test::ps(); p++) {
        gangway::chan<int> a;
        gangway::chan<int> b;
        done.go([&over, a, b]() mutable {
            while (!over) {
                a.send(1);
                b.recv();
            }
            a.close();
        });
        done.go([a, b]() mutable {
            for (int v : a) b.send(v);
        });
    }
    for (int i = 0; i < 20; i++) gangway::gosched();
    EXPECT_EQ(3, gangway::spawn([] { return 3; }).join());
    over = true;
    done.wait();
}

// The same for goroutines that yield: what comes by the global queue is looked at too.
GOROUTINE_TEST(sched, yielding_goroutines_starve_nobody) {
    std::atomic<bool> over{false};
    gangway::wait_group done;
    for (int i = 0; i < 2 * test::ps(); i++) {
        done.go([&] {
            while (!over) gangway::gosched();
        });
    }
    // From a thread without a p: by the global queue.
    std::thread outside([&] { gangway::go([&] { over = true; }); });
    done.wait();
    outside.join();
    EXPECT_TRUE(over);
}

// Many that are made runnable by one, again and again: the local queue of 256 overflows.
GOROUTINE_TEST(sched, more_than_a_local_queue_holds) {
    for (int i = 0; i < test::sized(20, 5); i++) {
        gangway::wait_group start;
        gangway::wait_group done;
        std::atomic<int> ran{0};
        start.add();
        for (int k = 0; k < 1000; k++) {
            done.go([&] {
                start.wait();
                ++ran;
            });
        }
        start.done();
        done.wait();
        ASSERT_EQ(1000, ran);
    }
}

// WorkStealing.steal_from_runq: ready goroutines of a p whose thread does not come back are taken by the others.
TEST(sched, steals_from_a_p_that_is_busy) {
    test::run_and_check(test::with_ps(2), [] {
        for (int i = 0; i < 20; i++) {
            std::atomic<int> ran{0};
            constexpr int n = 100;
            for (int k = 0; k < n; k++) gangway::go([&] { ++ran; });
            while (ran < n) {  // without a yield: nothing runs on this p
            }
        }
    });
}

// WorkStealing.sleeping_thread_not_stolen: who sleeps is run once, when its time has come, however many look for work.
GOROUTINE_TEST(sched, who_sleeps_is_not_run_by_a_thief) {
    constexpr int n = 50;
    const int rounds = test::sized(20, 4);
    std::atomic<int> awake{0};
    std::atomic<bool> over{false};
    gangway::wait_group sleepers;
    gangway::wait_group others;
    for (int i = 0; i < 4; i++) {
        others.go([&] {
            while (!over) gangway::spawn([] {}).join();  // thieves have something to look for
        });
    }
    for (int i = 0; i < n; i++) {
        sleepers.go([&] {
            for (int r = 0; r < rounds; r++) {
                const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
                gangway::sleep_until(until);
                EXPECT_GE(std::chrono::steady_clock::now(), until);
                ++awake;
            }
        });
    }
    sleepers.wait();
    over = true;
    others.wait();
    EXPECT_EQ(n * rounds, awake);
}

// Stacks come back and are used again: a million goroutines need no more than lived at a time.
GOROUTINE_TEST(sched, stacks_are_used_again) {
    const int n = test::sized(100'000, 50);
    gangway::read_mem_stats();
    for (int i = 0; i < 1000; i++) gangway::spawn([] {}).join();
    const std::uint64_t reserved = gangway::read_mem_stats().stack_reserved_bytes;
    for (int i = 0; i < n; i++) gangway::spawn([] {}).join();
    EXPECT_LE(gangway::read_mem_stats().stack_reserved_bytes, 2 * reserved);
}

GOROUTINE_TEST(sched, preempt_point_is_a_yield_only_when_asked) {
    for (int i = 0; i < 100'000; i++) gangway::preempt_point();
    // A loop with nothing but preempt points lets others run within sysmon's patience, though there is one p.
    std::atomic<bool> seen{false};
    gangway::wait_group done;
    for (int p = 0; p < test::ps(); p++) done.go([&] { seen = true; });
    EXPECT_TRUE([&] {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!seen) {
            gangway::preempt_point();
            if (std::chrono::steady_clock::now() > deadline) return false;
        }
        return true;
    }());
    done.wait();
}

}  // namespace
