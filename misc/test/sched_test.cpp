// SPDX-License-Identifier: BSD-3-Clause
// The scheduler from outside: what is runnable runs, on as many threads as there are ps, and nobody is forgotten.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

// --- starting and ending

GOROUTINE_TEST(go, copies_and_moves_as_thread_does) {
    int seen = 0;
    test::counted c(3);
    gangway::chan<int> ended;
    gangway::go([](gangway::chan<int> end, test::counted by_value) { end.send(by_value.value); }, ended, c);
    EXPECT_EQ(3, ended.recv());
    gangway::go(
        [](gangway::chan<int> end, int& by_ref) {
            by_ref = 4;
            end.send(0);
        },
        ended, std::ref(seen));
    EXPECT_EQ(0, ended.recv());
    EXPECT_EQ(4, seen);
    gangway::go([ended](std::unique_ptr<int> p) mutable { ended.send(*p); }, std::make_unique<int>(5));
    EXPECT_EQ(5, ended.recv());
    gangway::go([ended, p = std::make_unique<int>(6)]() mutable { ended.send(*p); });
    EXPECT_EQ(6, ended.recv());
    struct has_member {
        void f(gangway::chan<int> end) { end.send(7); }
    };
    gangway::go(&has_member::f, has_member{}, ended);
    EXPECT_EQ(7, ended.recv());
    EXPECT_TRUE(test::yield_until([] { return test::counted::alive == 1; }));
}

GOROUTINE_TEST(go, callables_larger_than_a_page) {
    struct large {
        std::array<char, 100'000> bytes{};
    };
    auto l = std::make_unique<large>();
    l->bytes[99'999] = 'x';
    EXPECT_EQ('x', gangway::spawn([l = *l] { return l.bytes[99'999]; }).join());
}

GOROUTINE_TEST(go, a_copy_that_throws_starts_nothing) {
    struct throws_when_copied {
        throws_when_copied() = default;
        throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }
        void operator()() const { std::abort(); }
    };
    const int before = gangway::num_goroutine();
    const throws_when_copied f;
    for (int i = 0; i < 100; i++) EXPECT_THROW(gangway::go(f), std::runtime_error);
    EXPECT_EQ(before, gangway::num_goroutine());
}

GOROUTINE_TEST(go, from_threads_that_the_runtime_did_not_make) {
    std::atomic<int> ran{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&] {
            EXPECT_EQ(0U, gangway::goid());
            EXPECT_FALSE(gangway::on_goroutine());
            for (int i = 0; i < 100; i++) {
                gangway::go([&] {
                    EXPECT_NE(0U, gangway::goid());
                    ++ran;
                });
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_TRUE(test::yield_until([&] { return ran == 400; }));
}

GOROUTINE_TEST(numbers, goid_is_unique_and_constant) {
    std::set<std::uint64_t> seen{gangway::goid()};
    const std::uint64_t me = gangway::goid();
    gangway::mutex m;
    gangway::wait_group done;
    for (int i = 0; i < 1000; i++) {
        done.go([&] {
            const std::uint64_t mine = gangway::goid();
            gangway::gosched();
            EXPECT_EQ(mine, gangway::goid());
            std::lock_guard lock(m);
            EXPECT_TRUE(seen.insert(mine).second);
        });
    }
    done.wait();
    EXPECT_EQ(1001U, seen.size());
    EXPECT_EQ(me, gangway::goid());
}

GOROUTINE_TEST(numbers, num_goroutine_counts_the_users) {
    const int before = gangway::num_goroutine();
    EXPECT_GE(before, 1);
    gangway::chan<int> release;
    for (int i = 0; i < 50; i++) gangway::go([release]() mutable { release.recv(); });
    EXPECT_EQ(before + 50, gangway::num_goroutine());
    release.close();
    EXPECT_TRUE(test::yield_until([before] { return gangway::num_goroutine() == before; }));
}

TEST(numbers, off_a_goroutine) {
    EXPECT_EQ(0U, gangway::goid());
    EXPECT_EQ(0U, gangway::mid());
    EXPECT_FALSE(gangway::on_goroutine());
    EXPECT_EQ(0, gangway::num_goroutine());
    EXPECT_GE(gangway::num_cpu(), 1);
    EXPECT_NO_THROW(gangway::gosched());
    EXPECT_NO_THROW(gangway::preempt_point());
}

GOROUTINE_TEST(numbers, gomaxprocs_gives_the_number_before) {
    const int n = gangway::gomaxprocs();
    EXPECT_EQ(test::ps(), n);
    EXPECT_EQ(n, gangway::gomaxprocs(5));
    EXPECT_EQ(5, gangway::gomaxprocs());
    EXPECT_EQ(5, gangway::gomaxprocs(n));
    EXPECT_THROW(gangway::gomaxprocs(-1), std::invalid_argument);
    EXPECT_THROW(gangway::gomaxprocs(1025), std::invalid_argument);
    EXPECT_EQ(n, gangway::gomaxprocs());
}

GOROUTINE_TEST(numbers, num_thread_counts_threads_in_c) {
    constexpr int n = 20;
    gangway::wait_group done;
    std::atomic<int> inside{0};
    std::atomic<bool> leave{false};
    for (int i = 0; i < n; i++) {
        done.go([&] {
            gangway::blocking_call([&] {
                ++inside;
                while (!leave) std::this_thread::yield();
            });
        });
    }
    EXPECT_TRUE(test::yield_until([&] { return inside == n; }));
    EXPECT_GT(gangway::num_thread(), n);
    leave = true;
    done.wait();
}

// setnumcapabilities001, setconcurrency_with_running_bthread: the number of ps changes while there is work.
GOROUTINE_TEST(gomaxprocs, changes_under_load) {
    std::atomic<bool> over{false};
    gangway::wait_group done;
    std::atomic<std::int64_t> rounds{0};
    gangway::chan<int> there;
    gangway::chan<int> back;
    done.go([there, back]() mutable {
        for (int v : there) back.send(v);
    });
    for (int i = 0; i < 20; i++) {
        done.go([&] {
            while (!over) {
                ++rounds;
                gangway::gosched();
                gangway::call([] {});
            }
        });
    }
    for (int i = 0; i < test::sized(300); i++) {
        const int n = 1 + i % 9;
        gangway::gomaxprocs(n);
        there.send(i);
        ASSERT_EQ(i, back.recv());
        ASSERT_EQ(n, gangway::gomaxprocs());
    }
    over = true;
    there.close();
    done.wait();
    EXPECT_GT(rounds, 0);
    gangway::gomaxprocs(test::ps());
}

// TestBigGOMAXPROCS
TEST(gomaxprocs, TestBigGOMAXPROCS) {
    test::run_and_check(test::with_ps(1024), [] {
        gangway::wait_group done;
        for (int i = 0; i < 2000; i++) done.go([] { gangway::gosched(); });
        done.wait();
    });
}

// --- who runs when

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

// Ready goroutines of a p whose thread does not come back are taken by the others.
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

GOROUTINE_TEST(mem_stats, counts_add_up) {
    const gangway::mem_stats before = gangway::read_mem_stats();
    gangway::chan<int> release;
    for (int i = 0; i < 10; i++) gangway::go([release]() mutable { release.recv(); });
    const gangway::mem_stats s = gangway::read_mem_stats();
    EXPECT_EQ(before.goroutines + 10, s.goroutines);
    EXPECT_EQ(before.goroutines_made + 10, s.goroutines_made);
    EXPECT_EQ(static_cast<std::uint64_t>(test::ps()), s.ps);
    EXPECT_LE(s.ps_idle, s.ps);
    EXPECT_LE(s.ms_idle, s.ms);
    EXPECT_GT(s.stops, before.stops);
    EXPECT_LE(s.stack_in_use_bytes, s.stack_reserved_bytes);
    EXPECT_GE(s.stack_in_use_bytes, s.goroutines * (256 << 10));
    EXPECT_EQ(gangway::num_cgo_call(), s.cgo_calls);
    release.close();
}

GOROUTINE_TEST(stacks, has_an_entry_for_each_goroutine) {
    gangway::chan<int> release;
    for (int i = 0; i < 5; i++) gangway::go([release]() mutable { release.recv(); });
    EXPECT_TRUE(test::yield_until([] { return test::goroutines_in("chan receive") == 5; }));
    const std::string text = gangway::stacks();
    EXPECT_NE(std::string::npos, text.find("goroutine " + std::to_string(gangway::goid()) + " [running")) << text;
    release.close();
}

}  // namespace
