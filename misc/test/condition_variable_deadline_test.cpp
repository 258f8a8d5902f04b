// SPDX-License-Identifier: BSD-3-Clause
// Waits with a deadline, and notifies that meet it.
#include <chrono>
#include <mutex>

#include "fixture.hpp"
#include "runtime/timer.hpp"

namespace {

using gangway::condition_variable;
using gangway::mutex;
using lock = std::unique_lock<mutex>;

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* waits = "condition_variable wait";

GOROUTINE_TEST(condition_variable, a_deadline_passes) {
    mutex m;
    condition_variable c;
    lock l(m);
    const auto timers = gangway::runtime::pending_timers();
    for (auto d : {-1h, 0h}) EXPECT_EQ(std::cv_status::timeout, c.wait_for(l, d));
    auto before = steady::now();
    EXPECT_EQ(std::cv_status::timeout, c.wait_for(l, 2ms));
    EXPECT_GE(steady::now() - before, 2ms);
    EXPECT_TRUE(l.owns_lock());
    EXPECT_FALSE(m.try_lock());
    before = steady::now();
    EXPECT_EQ(std::cv_status::timeout, c.wait_until(l, before + 2ms));
    EXPECT_GE(steady::now() - before, 2ms);
    const auto by = std::chrono::system_clock::now() + 2ms;
    EXPECT_FALSE(c.wait_until(l, by, [] { return false; }));
    EXPECT_GE(std::chrono::system_clock::now(), by);
    int looks = 0;
    EXPECT_TRUE(c.wait_for(l, 1ms, [&] { return ++looks == 2; }));
    EXPECT_EQ(2, looks);
    EXPECT_EQ(timers, gangway::runtime::pending_timers());
}

GOROUTINE_TEST(condition_variable, a_notify_comes_before_the_deadline) {
    mutex m;
    condition_variable c;
    int value = 0;
    const auto timers = gangway::runtime::pending_timers();
    gangway::wait_group done;
    done.go([&] {
        lock l(m);
        EXPECT_EQ(std::cv_status::no_timeout, c.wait_for(l, 1h));
    });
    done.go([&] {
        lock l(m);
        EXPECT_EQ(std::cv_status::no_timeout, c.wait_for(l, std::chrono::hours::max()));
    });
    done.go([&] {
        lock l(m);
        EXPECT_TRUE(c.wait_until(l, steady::now() + 1h, [&] { return value == 2; }));
    });
    ASSERT_TRUE(test::until_parked(3, waits));
    for (int i = 1; i <= 2; i++) {
        {
            lock l(m);
            value = i;
        }
        c.notify_all();
        if (i == 1) {
            ASSERT_TRUE(test::until_parked(1, waits));
        }
    }
    done.wait();
    EXPECT_EQ(timers, gangway::runtime::pending_timers());
}

// One whose time was up stands no longer in the way of the others.
GOROUTINE_TEST(condition_variable, a_notify_is_not_for_one_whose_time_was_up) {
    mutex m;
    condition_variable c;
    gangway::chan<int> woken(3);
    for (int i = 0; i < 3; i++) {
        gangway::go([&, i] {
            lock l(m);
            if (i == 1) {
                EXPECT_EQ(std::cv_status::timeout, c.wait_for(l, 1ms));
            } else {
                c.wait(l);
            }
            woken.send(i);
        });
        if (i == 0) {
            ASSERT_TRUE(test::until_parked(1, waits));
        }
    }
    EXPECT_EQ(1, woken.recv());
    ASSERT_TRUE(test::until_parked(2, waits));
    c.notify_one();
    EXPECT_EQ(0, woken.recv());
    c.notify_one();
    EXPECT_EQ(2, woken.recv());
    EXPECT_TRUE(test::until_alone());
}

// Deadlines and notifies meet: each notify wakes one that says so, as long as one waits.
GOROUTINE_TEST(condition_variable, deadlines_and_notifies_at_once) {
    mutex m;
    condition_variable c;
    std::int64_t owed = 0;
    std::int64_t notified = 0;
    std::int64_t passed = 0;
    bool over = false;
    gangway::wait_group done;
    for (int i = 0; i < 4; i++) {
        done.go([&, i] {
            lock l(m);
            int k = i;
            while (!over) {
                if (c.wait_for(l, std::chrono::microseconds(k++ % 40)) == std::cv_status::timeout) {
                    ++passed;
                } else {
                    ++notified;
                }
            }
        });
    }
    // It has no deadline, so whenever the lock is free one waits, but for the time in which it is on its way back.
    bool last_waits = false;
    done.go([&] {
        lock l(m);
        while (!over) {
            last_waits = true;
            c.wait(l);
            last_waits = false;
            ++notified;
        }
    });
    const int n = test::sized(3000);
    for (int i = 1; i <= n; i++) {
        // Each by itself in time: how many there are in a second is for the machine to say.
        ASSERT_TRUE(test::yield_until([&] {
            lock l(m);
            if (!last_waits) return false;
            c.notify_one();
            ++owed;
            return true;
        })) << owed
            << " notifies: the one without a deadline does not come to wait";
        ASSERT_TRUE(test::yield_until([&] {
            lock l(m);
            return notified == owed;
        })) << owed
            << " notifies, " << notified << " woken";
    }
    EXPECT_TRUE(test::yield_until([&] {
        lock l(m);
        return passed > 0;
    }));
    {
        lock l(m);
        over = true;
    }
    c.notify_all();
    done.wait();
}

}  // namespace
