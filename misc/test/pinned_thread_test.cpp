// SPDX-License-Identifier: BSD-3-Clause
// pinned_thread: functions in order on one thread, and goroutines that share it.
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "c/callback.h"
#include "fixture.hpp"
#include "wander.hpp"

namespace {

using namespace std::chrono_literals;

std::int64_t thread() {
    return ::syscall(SYS_gettid);
}

GOROUTINE_TEST(pinned_thread, is_one_thread_of_its_own_with_a_name) {
    gangway::pinned_thread t("a name longer than fifteen");
    const std::int64_t there = t.run(thread);
    EXPECT_NE(there, thread());
    for (int i = 0; i < 100; i++) EXPECT_EQ(there, t.run(thread));
    char name[32] = {};
    t.run([&] { pthread_getname_np(pthread_self(), name, sizeof name); });
    EXPECT_STREQ("a name longer t", name);
    EXPECT_TRUE(t.run([&] { return t.is_here(); }));
    EXPECT_FALSE(t.is_here());
}

GOROUTINE_TEST(pinned_thread, gives_results_and_exceptions_back) {
    gangway::pinned_thread t;
    EXPECT_EQ(7, t.run([] { return 7; }));
    EXPECT_EQ("text", *t.run([] { return std::make_unique<std::string>("text"); }));
    int x = 0;
    EXPECT_EQ(&x, &t.run([&]() -> int& { return x; }));
    try {
        t.run([] { throw std::runtime_error("what it says"); });
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("what it says", e.what());
    }
}

GOROUTINE_TEST(pinned_thread, runs_in_the_order_in_which_it_was_given_to) {
    std::vector<int> order;
    {
        gangway::pinned_thread t;
        for (int i = 0; i < 1000; i++) {
            if (i % 3 == 0) {
                t.run([&, i] { order.push_back(i); });
            } else {
                t.post([&, i] { order.push_back(i); });
            }
        }
    }
    ASSERT_EQ(1000U, order.size());
    for (int i = 0; i < 1000; i++) EXPECT_EQ(i, order[static_cast<std::size_t>(i)]);
}

// Each of many callers, at once.
GOROUTINE_TEST(pinned_thread, loses_nothing_and_keeps_each_callers_order) {
    constexpr int callers = test::under_sanitizer ? 100 : 1000;
    constexpr int runs = test::under_sanitizer ? 50 : 1000;
    gangway::pinned_thread t;
    std::vector<int> next(callers);  // the thread's
    int wrong = 0;
    gangway::wait_group done;
    for (int c = 0; c < callers; c++) {
        done.go([&, c] {
            for (int i = 0; i < runs; i++) {
                int got = t.run([&] {
                    int& mine = next[static_cast<std::size_t>(c)];
                    wrong += mine != i ? 1 : 0;
                    return mine++;
                });
                if (got != i) ADD_FAILURE() << "caller " << c << " run " << i << " got " << got;
            }
        });
    }
    done.wait();
    EXPECT_EQ(0, t.run([&] { return wrong; }));
    for (int n : next) EXPECT_EQ(runs, n);
}

GOROUTINE_TEST(pinned_thread, nested_run_is_at_once) {
    gangway::pinned_thread t;
    std::string order;
    t.run([&] {
        t.post([&] { order += "posted "; });
        t.run([&] { order += "nested "; });
        order += "outer ";
    });
    t.run([] {});
    EXPECT_EQ("nested outer posted ", order);
}

GOROUTINE_TEST(pinned_thread, one_may_run_on_another) {
    gangway::pinned_thread a("a"), b("b");
    const std::int64_t on_b = b.run(thread);
    EXPECT_EQ(on_b, a.run([&] { return b.run(thread); }));
}

TEST(pinned_thread, is_made_used_and_destroyed_off_goroutines) {
    gangway::pinned_thread t;
    EXPECT_NE(thread(), t.run(thread));
    std::atomic<int> n{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int k = 0; k < 100; k++) {
                t.run([&] { n++; });
                t.post([&] { n++; });
            }
        });
    }
    for (std::thread& each : threads) each.join();
    t.run([] {});
    EXPECT_EQ(800, n);
}

GOROUTINE_TEST(pinned_thread, destruction_drains) {
    int ran = 0;
    bool ended = false;
    gangway::chan<int> gate;
    {
        gangway::pinned_thread t;
        t.go([&, gate]() mutable {
            gate.recv();
            t.post([&] { ran++; });
            t.post([&] { t.go([&] { ended = true; }); });
        });
        for (int i = 0; i < 100; i++) t.post([&] { ran++; });
        gangway::go([gate]() mutable { gate.send(1); });
    }
    EXPECT_EQ(101, ran);
    EXPECT_TRUE(ended);
}

GOROUTINE_TEST(pinned_thread, its_thread_ends_with_it) {
    pid_t tid = 0;
    {
        gangway::pinned_thread t;
        tid = static_cast<pid_t>(t.run(thread));
        EXPECT_EQ(0, ::syscall(SYS_tgkill, getpid(), tid, 0));
    }
    EXPECT_TRUE(test::yield_until([&] { return ::syscall(SYS_tgkill, getpid(), tid, 0) != 0; }));
}

GOROUTINE_TEST(pinned_thread, goexit_ends_the_function_and_not_the_thread) {
    gangway::pinned_thread t;
    const std::int64_t there = t.run(thread);
    try {
        t.run([] { gangway::goexit(); });
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("gangway::pinned_thread::run: the function called goexit", e.what());
    }
    t.post([] { gangway::goexit(); });
    EXPECT_EQ(there, t.run(thread));
}

GOROUTINE_TEST(pinned_thread, what_is_posted_is_destroyed_on_the_thread) {
    gangway::pinned_thread t;
    struct notes_thread {
        std::int64_t* to;
        explicit notes_thread(std::int64_t* at) : to(at) {}
        notes_thread(notes_thread&& other) noexcept : to(std::exchange(other.to, nullptr)) {}
        ~notes_thread() {
            if (to != nullptr) *to = thread();
        }
    };
    std::int64_t destroyed_on = 0;
    t.post([note = notes_thread(&destroyed_on)] {});
    EXPECT_EQ(t.run(thread), destroyed_on);
}

GOROUTINE_TEST(bound_goroutines, never_leave_the_thread) {
    gangway::pinned_thread t;
    const std::int64_t there = t.run(thread);
    gangway::wait_group done;
    for (int i = 0; i < 20; i++) {
        done.add();
        t.go([&] {
            for (int k = 0; k < 20; k++) {
                test::wander();
                EXPECT_EQ(there, thread());
                EXPECT_TRUE(t.is_here());
            }
            done.done();
        });
    }
    for (int k = 0; k < 20; k++) {
        test::wander();
        EXPECT_NE(there, thread());  // nobody else comes there
    }
    done.wait();
}

GOROUTINE_TEST(bound_goroutines, wait_for_each_other_and_for_those_elsewhere) {
    constexpr int rounds = test::under_sanitizer ? 300 : 3000;
    gangway::pinned_thread t;
    gangway::chan<int> ab, ba, out, in;
    gangway::wait_group done;
    done.add(2);
    t.go([&, ab, ba]() mutable {
        for (int i = 0; i < rounds; i++) {
            ab.send(i);
            EXPECT_EQ(i, ba.recv());
        }
        done.done();
    });
    t.go([&, ab, ba, out, in]() mutable {
        for (int i = 0; i < rounds; i++) {
            EXPECT_EQ(i, ab.recv());
            if (i % 4 == 0) {
                out.send(i);
                EXPECT_EQ(i, in.recv());
            }
            ba.send(i);
        }
        done.done();
    });
    for (int i = 0; i < rounds; i += 4) {
        EXPECT_EQ(i, out.recv());
        in.send(i);
    }
    done.wait();
}

GOROUTINE_TEST(bound_goroutines, park_one_by_one) {
    gangway::pinned_thread t;
    gangway::chan<int> gate;
    for (int i = 0; i < 5; i++) t.go([gate]() mutable { gate.recv(); });
    EXPECT_TRUE(test::until_parked(5, "chan receive"));
    EXPECT_EQ(3, t.run([] { return 3; }));  // while they do
    for (int i = 0; i < 5; i++) gate.send(i);
}

GOROUTINE_TEST(bound_goroutines, a_locked_one_is_alone) {
    gangway::pinned_thread t;
    std::atomic<bool> other_ran{false};
    gangway::chan<int> gate, locked;
    gangway::wait_group done;
    done.add(2);
    t.go([&, gate, locked]() mutable {
        gangway::lock_os_thread();
        gangway::lock_os_thread();
        locked.send(1);
        for (int i = 0; i < 100; i++) gangway::gosched();
        gate.recv();
        gangway::unlock_os_thread();
        test::wander();
        EXPECT_FALSE(other_ran);
        gangway::unlock_os_thread();
        EXPECT_TRUE(test::yield_until([&] { return other_ran.load(); }));
        EXPECT_TRUE(t.is_here());
        done.done();
    });
    locked.recv();
    t.go([&] {
        other_ran = true;
        done.done();
    });
    EXPECT_TRUE(test::until_parked(1, "chan receive"));
    EXPECT_FALSE(other_ran);
    gate.send(1);
    done.wait();
}

GOROUTINE_TEST(bound_goroutines, one_that_ends_locked_leaves_the_thread_to_the_others) {
    gangway::pinned_thread t;
    const std::int64_t there = t.run(thread);
    for (int i = 0; i < 3; i++) t.go([] { gangway::lock_os_thread(); });
    EXPECT_EQ(there, t.run(thread));
}

GOROUTINE_TEST(bound_goroutines, a_callback_holds_the_thread) {
    gangway::pinned_thread t;
    gangway::chan<int> gate, inside;
    std::atomic<bool> other_ran{false};
    t.go([&, gate, inside]() mutable {
        auto cb = [&] {
            inside.send(1);
            gate.recv();
            EXPECT_TRUE(t.is_here());
            EXPECT_FALSE(other_ran);
        };
        gangway::userdata_callback<void(void*), 0> held(cb);
        gangway::call<&::callback>(held.fn(), held.data());
    });
    inside.recv();
    t.go([&] { other_ran = true; });
    EXPECT_TRUE(test::until_parked(1, "chan receive"));
    EXPECT_FALSE(other_ran);
    gate.send(1);
    EXPECT_TRUE(test::yield_until([&] { return other_ran.load(); }));
}

// They never park, and with one p nobody else would run if they did not share it.
GOROUTINE_TEST(bound_goroutines, leave_others_their_turn) {
    gangway::pinned_thread t;
    std::atomic<bool> stop{false};
    for (int i = 0; i < 2; i++) {
        t.go([&] {
            while (!stop) gangway::gosched();
        });
    }
    for (int i = 0; i < 20; i++) {  // if they did not share it, this would not come to its end
        gangway::gosched();
        gangway::sleep_for(1ms);  // a timer of the p that they have
    }
    stop = true;
}

GOROUTINE_TEST(bound_goroutines, have_their_turn_beside_others) {
    gangway::pinned_thread t;
    std::atomic<bool> stop{false};
    gangway::wait_group busy;
    for (int i = 0; i < 2 * gangway::gomaxprocs(); i++) {
        busy.go([&] {
            while (!stop) gangway::gosched();
        });
    }
    for (int i = 0; i < 50; i++) EXPECT_EQ(i, t.run([&] { return i; }));
    stop = true;
    busy.wait();
}

GOROUTINE_TEST(bound_goroutines, wait_for_descriptors) {
    gangway::pinned_thread t;
    int fds[2];
    ASSERT_EQ(0, pipe(fds));
    gangway::wait_group done;
    done.add();
    t.go([&] {
        EXPECT_EQ(POLLIN, gangway::wait_fd(fds[0], POLLIN));
        EXPECT_TRUE(t.is_here());
        done.done();
    });
    EXPECT_TRUE(test::until_parked(1, "IO wait"));
    ASSERT_EQ(1, write(fds[1], "x", 1));
    done.wait();
    close(fds[0]);
    close(fds[1]);
}

// Stops of the world, and ps that come and go, while they run, sleep and are readied.
GOROUTINE_TEST(bound_goroutines, survive_stops_of_the_world) {
    const int ps = gangway::gomaxprocs();
    gangway::pinned_thread t;
    std::atomic<bool> stop{false};
    gangway::chan<int> a, b;
    gangway::wait_group done;
    done.add(2);
    t.go([&, a, b]() mutable {
        while (auto v = a.recv()) b.send(*v);
        done.done();
    });
    t.go([&] {
        while (!stop) {
            gangway::gosched();
            gangway::call([] {});
            gangway::sleep_for(1us);
        }
        done.done();
    });
    gangway::go([&, a, b]() mutable {
        for (int i = 0; !stop; i++) {
            a.send(i);
            EXPECT_EQ(i, b.recv());
            EXPECT_EQ(i, t.run([&] { return i; }));
        }
        a.close();
    });
    for (int i = 0; i < 100; i++) {
        gangway::gomaxprocs(1 + i % 4);
        EXPECT_GE(gangway::read_mem_stats().goroutines, 4U);
    }
    stop = true;
    done.wait();
    gangway::gomaxprocs(ps);
}

GOROUTINE_TEST(bound_goroutines, are_in_the_counts_and_reports) {
    gangway::pinned_thread t("reported");
    gangway::chan<int> gate, inside;
    t.go([gate, inside]() mutable {
        gangway::lock_os_thread();
        inside.send(1);
        gate.recv();
        gangway::unlock_os_thread();
    });
    inside.recv();
    EXPECT_TRUE(test::until_parked(1, "chan receive"));
    for (int i = 0; i < 3; i++) t.go([] {});
    EXPECT_EQ(3U, gangway::read_mem_stats().runnable);  // on the thread that is another's
    EXPECT_EQ(3, test::goroutines_in("runnable"));
    const std::string all = gangway::stacks();
    EXPECT_THAT(all, ::testing::ContainsRegex("\\[pinned_thread idle(, [0-9]+ [a-z]+)?, locked to thread\\]"));
    EXPECT_THAT(all, ::testing::ContainsRegex("\\[chan receive(, [0-9]+ [a-z]+)?, locked to thread\\]"));
    gate.send(1);
}

GOROUTINE_TEST(bound_goroutines, many_threads_at_once) {
    constexpr int threads = test::under_sanitizer ? 8 : 20;
    std::vector<std::unique_ptr<gangway::pinned_thread>> all;
    for (int i = 0; i < threads; i++) all.push_back(std::make_unique<gangway::pinned_thread>());
    gangway::wait_group done;
    std::atomic<int> ran{0};
    for (int c = 0; c < 50; c++) {
        done.go([&, c] {
            for (int i = 0; i < 50; i++) {
                auto& t = *all[static_cast<std::size_t>((c + i) % threads)];
                t.run([&] { ran++; });
                t.go([&] {
                    gangway::gosched();
                    ran++;
                });
            }
        });
    }
    done.wait();
    all.clear();
    EXPECT_EQ(50 * 50 * 2, ran);
}

}  // namespace
