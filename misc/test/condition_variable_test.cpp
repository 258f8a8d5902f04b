// SPDX-License-Identifier: BSD-3-Clause
// Notified in the order in which they came; a notify is for those that wait.
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace {

using gangway::condition_variable;
using gangway::mutex;
using lock = std::unique_lock<mutex>;

static_assert(sizeof(condition_variable) == 16);

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* waits = "condition_variable wait";

bool nothing_in(gangway::chan<bool>& c) {
    std::optional<bool> got;
    return !c.try_recv(got);
}

GOROUTINE_TEST(condition_variable, TestCondSignal) {
    mutex m;
    condition_variable c;
    constexpr int n = 2;
    gangway::chan<bool> running(n);
    gangway::chan<bool> awake(n);
    for (int i = 0; i < n; i++) {
        gangway::go([&] {
            lock l(m);
            running.send(true);
            c.wait(l);
            EXPECT_TRUE(l.owns_lock());
            awake.send(true);
        });
    }
    for (int i = 0; i < n; i++) running.recv();
    for (int i = 0; i < n; i++) {
        EXPECT_TRUE(nothing_in(awake)) << "not asleep";
        {
            lock l(m);
            c.notify_one();
        }
        awake.recv();
        EXPECT_TRUE(nothing_in(awake)) << "one notify woke more than one";
    }
    c.notify_one();
    EXPECT_TRUE(test::until_alone());
}

// Each notify wakes the one that came before the others.
GOROUTINE_TEST(condition_variable, TestCondSignalGenerations) {
    mutex m;
    condition_variable c;
    constexpr int n = 100;
    gangway::chan<bool> running(n);
    gangway::chan<int> awake(n);
    for (int i = 0; i < n; i++) {
        gangway::go([&, i] {
            lock l(m);
            running.send(true);
            c.wait(l);
            awake.send(i);
        });
        if (i > 0) {
            EXPECT_EQ(i - 1, awake.recv());
        }
        running.recv();
        lock l(m);
        c.notify_one();
    }
    EXPECT_EQ(n - 1, awake.recv());
    EXPECT_TRUE(test::until_alone());
}

// The same with all of them waiting at once.
GOROUTINE_TEST(condition_variable, wakes_in_the_order_of_coming) {
    mutex m;
    condition_variable c;
    constexpr int n = 100;
    std::vector<int> woken;
    gangway::wait_group done;
    gangway::chan<bool> running;
    for (int i = 0; i < n; i++) {
        done.go([&, i] {
            lock l(m);
            running.send(true);
            c.wait(l);
            woken.push_back(i);
        });
        running.recv();
    }
    for (std::size_t i = 0; i < n; i++) {
        {
            lock l(m);
        }
        c.notify_one();
        EXPECT_TRUE(test::yield_until([&] {
            lock l(m);
            return woken.size() == i + 1;
        }));
    }
    done.wait();
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(all, woken);
}

GOROUTINE_TEST(condition_variable, TestCondBroadcast) {
    mutex m;
    condition_variable c;
    constexpr int n = 200;
    gangway::chan<int> running(n);
    gangway::chan<int> awake(n);
    bool over = false;
    gangway::wait_group done;
    for (int g = 0; g < n; g++) {
        done.go([&, g] {
            lock l(m);
            while (!over) {
                running.send(g);
                c.wait(l);
                awake.send(g);
            }
        });
    }
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) running.recv();
        if (i == n - 1) {
            lock l(m);
            over = true;
        }
        std::optional<int> got;
        EXPECT_FALSE(awake.try_recv(got)) << "not asleep";
        {
            lock l(m);
            c.notify_all();
        }
        std::vector<bool> seen(n);
        for (int k = 0; k < n; k++) {
            auto g = static_cast<std::size_t>(awake.recv().value());
            EXPECT_FALSE(seen[g]) << g << " was woken twice";
            seen[g] = true;
        }
        if (test::under_sanitizer && i < n - 20) i += 9;
    }
    done.wait();
}

// TestCondSignalStealing: a broadcast and a new waiter race; the old one is woken whoever is first.
GOROUTINE_TEST(condition_variable, TestCondSignalStealing) {
    for (int i = 0; i < test::sized(1000); i++) {
        mutex m;
        condition_variable c;
        gangway::chan<bool> ch;
        gangway::wait_group ended;
        ended.go([&] {
            {
                lock l(m);
                ch.send(true);
                c.wait(l);
            }
            ch.send(true);
        });
        ch.recv();
        { lock l(m); }  // so it is in wait()
        bool done = false;
        ended.go([&] { c.notify_all(); });
        ended.go([&] {
            lock l(m);
            while (!done) c.wait(l);
        });
        ch.recv();
        {
            lock l(m);
            done = true;
        }
        c.notify_all();
        ended.wait();
    }
}

// The same with notify_one: there is one, and the older has it.
GOROUTINE_TEST(condition_variable, a_new_waiter_cannot_steal_a_notify) {
    for (int i = 0; i < test::sized(1000); i++) {
        mutex m;
        condition_variable c;
        gangway::chan<bool> in_wait;
        gangway::wait_group old_one;
        old_one.go([&] {
            lock l(m);
            in_wait.send(true);
            c.wait(l);
        });
        in_wait.recv();
        { lock l(m); }
        bool done = false;
        gangway::wait_group others;
        others.go([&] { c.notify_one(); });
        others.go([&] {
            lock l(m);
            while (!done) c.wait(l);
        });
        old_one.wait();
        {
            lock l(m);
            done = true;
        }
        c.notify_all();
        others.wait();
    }
}

// Those that wait again at once are not woken by the notify_all that woke them, and nobody is left out, of however many.
GOROUTINE_TEST(condition_variable, notify_all_is_for_those_that_waited) {
    mutex m;
    condition_variable c;
    constexpr int n = 150;
    constexpr int rounds = 20;
    int came = 0;
    int woken = 0;
    gangway::wait_group done;
    for (int i = 0; i < n; i++) {
        done.go([&] {
            lock l(m);
            for (int r = 0; r < rounds; r++) {
                ++came;
                c.wait(l);
                ++woken;
            }
        });
    }
    for (int r = 0; r < rounds; r++) {
        // Who has come is on the list once the lock is free, parked or not yet.
        ASSERT_TRUE(test::yield_until([&] {
            lock l(m);
            return came == (r + 1) * n;
        }));
        {
            lock l(m);
            EXPECT_EQ(r * n, woken);
        }
        c.notify_all();
    }
    done.wait();
    EXPECT_EQ(rounds * n, woken);
}

GOROUTINE_TEST(condition_variable, waits_for_a_predicate) {
    mutex m;
    condition_variable c;
    int value = 0;
    int looks = 0;
    auto t = gangway::spawn([&] {
        lock l(m);
        c.wait(l, [&] {
            ++looks;
            return value == 3;
        });
        EXPECT_TRUE(l.owns_lock());
        return value;
    });
    ASSERT_TRUE(test::until_parked(1, waits));
    for (int i = 1; i <= 3; i++) {
        {
            lock l(m);
            value = i;
            c.notify_one();
        }
        if (i < 3) {
            EXPECT_TRUE(test::yield_until([&] {
                lock l(m);
                return looks == i + 1;
            }));
        }
    }
    EXPECT_EQ(3, t.join());
    EXPECT_EQ(4, looks);
    lock l(m);
    c.wait(l, [] { return true; });  // does not wait
}

// A bounded queue: nothing is lost when notifies and waits meet at every point.
GOROUTINE_TEST(condition_variable, bounded_queue) {
    mutex m;
    condition_variable not_full;
    condition_variable not_empty;
    std::deque<int> queue;
    constexpr int goroutines = 4;
    const int each = test::sized(5000);
    std::int64_t sum = 0;
    gangway::wait_group done;
    for (int i = 0; i < goroutines; i++) {
        done.go([&] {
            for (int k = 1; k <= each; k++) {
                lock l(m);
                not_full.wait(l, [&] { return queue.size() < 3; });
                queue.push_back(k);
                l.unlock();
                not_empty.notify_one();
            }
        });
        done.go([&] {
            for (int k = 0; k < each; k++) {
                lock l(m);
                not_empty.wait(l, [&] { return !queue.empty(); });
                sum += queue.front();
                queue.pop_front();
                not_full.notify_one();
            }
        });
    }
    done.wait();
    EXPECT_EQ(std::int64_t{goroutines} * each * (each + 1) / 2, sum);
}

// Whatever has lock() and unlock().
GOROUTINE_TEST(condition_variable, works_with_other_locks) {
    gangway::shared_mutex rw;
    mutex m;
    condition_variable c;
    std::atomic<bool> go{false};
    gangway::wait_group done;
    for (int i = 0; i < 5; i++) {
        done.go([&] {
            std::shared_lock l(rw);
            c.wait(l, [&] { return go.load(); });
            EXPECT_TRUE(l.owns_lock());
        });
    }
    done.go([&] {
        m.lock();
        c.wait(m, [&] { return go.load(); });
        EXPECT_FALSE(m.try_lock());
        m.unlock();
    });
    ASSERT_TRUE(test::until_parked(6, waits));
    {
        std::lock_guard l(rw);
        go = true;
    }
    c.notify_all();
    done.wait();
}

GOROUTINE_TEST(condition_variable, notified_from_a_foreign_thread) {
    mutex m;
    condition_variable c;
    for (int i = 0; i < 200; i++) {
        int value = 0;
        std::atomic<bool> ended{false};
        std::thread other([&] {
            while (!m.try_lock()) std::this_thread::yield();
            value = 1;
            m.unlock();
            i % 2 == 0 ? c.notify_one() : c.notify_all();
            ended = true;
        });
        {
            lock l(m);
            c.wait(l, [&] { return value == 1; });
        }
        EXPECT_TRUE(test::yield_until([&] { return ended.load(); }));
        other.join();
    }
}

GOROUTINE_TEST(condition_variable, notified_inside_c) {
    mutex m;
    condition_variable c;
    std::atomic<int> value{0};
    gangway::wait_group done;
    for (int i = 0; i < 2; i++) {
        done.go([&] {
            lock l(m);
            c.wait(l, [&] { return value == 1; });
        });
    }
    ASSERT_TRUE(test::until_parked(2, waits));
    value = 1;
    gangway::call([&] {
        c.notify_one();
        c.notify_all();
    });
    done.wait();
}

// It may be destroyed once all have been notified: those that are on their way back use it no more.
GOROUTINE_TEST(condition_variable, destroyed_before_the_notified_have_returned) {
    for (int i = 0; i < 100; i++) {
        mutex m;
        auto c = std::make_unique<condition_variable>();
        int ready = 0;
        gangway::wait_group done;
        for (int k = 0; k < 5; k++) {
            done.go([&] {
                lock l(m);
                ++ready;
                c->wait(l);
            });
        }
        EXPECT_TRUE(test::yield_until([&] {
            lock l(m);
            return ready == 5;
        }));
        {
            lock l(m);
            c->notify_all();
            c.reset();
        }
        done.wait();
    }
}

// One that is told it may go on destroys what it waited on.
GOROUTINE_TEST(condition_variable, destroyed_by_the_one_that_was_woken) {
    struct meeting {
        mutex m;
        condition_variable c;
        bool over = false;
    };
    for (int i = 0; i < test::sized(500); i++) {
        auto* at = new meeting;
        auto t = gangway::spawn([at] {
            {
                lock l(at->m);
                at->c.wait(l, [&] { return at->over; });
            }
            delete at;
        });
        lock l(at->m);
        at->over = true;
        at->c.notify_one();
        l.unlock();
        t.join();
    }
}

// Nothing waits then, and nobody's notify is lost on it.
GOROUTINE_TEST(condition_variable, a_lock_that_is_not_held) {
    mutex m;
    condition_variable c;
    lock l(m, std::defer_lock);
    EXPECT_THROW(c.wait(l), std::system_error);
    gangway::wait_group done;
    done.go([&] {
        lock mine(m);
        c.wait(mine);
    });
    ASSERT_TRUE(test::until_parked(1, waits));
    EXPECT_THROW(c.wait(l), std::system_error);
    c.notify_one();
    done.wait();
}

// It throws from unlock() after it has been notified: the notify goes to the next.
GOROUTINE_TEST(condition_variable, a_notify_for_one_that_does_not_wait_goes_on) {
    struct bad_lock {
        condition_variable& c;
        void lock() {}
        void unlock() {
            c.notify_one();
            throw std::runtime_error("unlock");
        }
    };
    mutex m;
    condition_variable c;
    gangway::wait_group done;
    bad_lock bad{c};
    EXPECT_THROW(c.wait(bad), std::runtime_error);
    done.go([&] {
        // Behind the bad one, which stands on the list while its unlock() runs.
        struct behind {
            mutex& m;
            condition_variable& c;
            gangway::wait_group& done;
            void lock() {}
            void unlock() {
                done.go([this] {
                    std::unique_lock l(m);
                    c.wait(l);
                });
                EXPECT_TRUE(test::until_parked(1, waits));
                c.notify_one();
                throw std::runtime_error("unlock");
            }
        };
        behind second{m, c, done};
        EXPECT_THROW(c.wait(second), std::runtime_error);
    });
    done.wait();
}

TEST(condition_variable, off_a_goroutine) {
    mutex m;
    condition_variable c;
    c.notify_one();
    c.notify_all();
    lock l(m);
    EXPECT_EQ(std::cv_status::timeout, c.wait_until(l, steady::now() + 1ms));
    EXPECT_FALSE(c.wait_for(l, 1ms, [] { return false; }));
    EXPECT_TRUE(l.owns_lock());
    bool set = false;
    gangway::go([&] {
        std::lock_guard inner(m);
        set = true;
        c.notify_one();
    });
    c.wait(l, [&] { return set; });
    EXPECT_TRUE(l.owns_lock());
    EXPECT_TRUE(c.wait_for(l, 1h, [] { return true; }));
    l.unlock();
    EXPECT_TRUE(test::until_alone());
}

}  // namespace
