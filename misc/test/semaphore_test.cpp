// SPDX-License-Identifier: BSD-3-Clause
// Permits, given in the order in which they were asked for.
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "fixture.hpp"
#include "runtime/timer.hpp"

namespace {

using gangway::semaphore;

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* waits = "semaphore acquire";

GOROUTINE_TEST(semaphore, counts) {
    semaphore s(2);
    s.acquire();
    EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
    s.release();
    EXPECT_TRUE(s.try_acquire());
    s.release(3);
    for (int i = 0; i < 3; i++) EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
    s.release(0);
    EXPECT_FALSE(s.try_acquire());
}

// TestSemaphore: with one permit it is a lock.
GOROUTINE_TEST(semaphore, TestSemaphore) {
    semaphore s(1);
    std::int64_t counter = 0;
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([&, i] {
            for (int k = 0; k < 1000; k++) {
                if (k % 3 == 0) {
                    while (!s.try_acquire()) gangway::gosched();
                } else {
                    s.acquire();
                }
                ++counter;
                if ((k + i) % 20 == 0) gangway::gosched();
                s.release();
            }
        });
    }
    done.wait();
    EXPECT_EQ(10'000, counter);
    EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
}

GOROUTINE_TEST(semaphore, never_more_than_its_permits) {
    constexpr int permits = 3;
    semaphore s(permits);
    std::atomic<int> inside{0};
    gangway::wait_group done;
    for (int i = 0; i < 20; i++) {
        done.go([&] {
            for (int k = 0; k < test::sized(500); k++) {
                s.acquire();
                EXPECT_LE(++inside, permits);
                gangway::gosched();
                --inside;
                s.release();
            }
        });
    }
    done.wait();
    for (int i = 0; i < permits; i++) EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
}

// First come, first served.
GOROUTINE_TEST(semaphore, serves_in_the_order_of_coming) {
    semaphore s(0);
    constexpr int n = 50;
    gangway::chan<int> served(n);
    for (int i = 0; i < n; i++) {
        gangway::go([&, i] {
            s.acquire();
            served.send(i);
        });
        ASSERT_TRUE(test::until_parked(i + 1, waits));
    }
    for (int i = 0; i < n; i++) {
        s.release();
        EXPECT_FALSE(s.try_acquire());
        EXPECT_EQ(i, served.recv());
    }
}

// A permit for one that waits is never free: who comes meanwhile does not get it.
GOROUTINE_TEST(semaphore, nobody_takes_what_another_waits_for) {
    semaphore s(0);
    gangway::wait_group done;
    for (int i = 0; i < 100; i++) {
        done.go([&] { s.acquire(); });
        ASSERT_TRUE(test::until_parked(1, waits));
        s.release();
        EXPECT_FALSE(s.try_acquire());
        done.wait();
    }
}

GOROUTINE_TEST(semaphore, releases_many_at_once) {
    for (const int waiting : {1, 31, 32, 33, 100}) {
        semaphore s(0);
        gangway::wait_group done;
        for (int i = 0; i < waiting; i++) done.go([&] { s.acquire(); });
        ASSERT_TRUE(test::until_parked(waiting, waits));
        s.release(waiting / 2);
        ASSERT_TRUE(test::until_parked(waiting - waiting / 2, waits));
        EXPECT_FALSE(s.try_acquire());
        s.release(waiting - waiting / 2 + 2);
        done.wait();
        EXPECT_TRUE(s.try_acquire());
        EXPECT_TRUE(s.try_acquire());
        EXPECT_FALSE(s.try_acquire());
    }
}

// Permits come from everywhere, and none is lost.
GOROUTINE_TEST(semaphore, used_by_goroutines_foreign_threads_and_c) {
    semaphore s(0);
    const int each = test::sized(10'000);
    std::array<std::thread, 2> threads;
    for (auto& t : threads) {
        t = std::thread([&] {
            for (int i = 0; i < each; i++) {
                s.release();
                if (s.try_acquire()) s.release();
            }
        });
    }
    gangway::wait_group done;
    for (int i = 0; i < 4; i++) {
        done.go([&] {
            for (int k = 0; k < each; k++) s.acquire();
        });
    }
    for (int i = 0; i < 2; i++) {
        done.go([&] {
            for (int k = 0; k < each; k++) gangway::call([&] { s.release(); });
        });
    }
    done.wait();
    for (auto& t : threads) t.join();
    EXPECT_FALSE(s.try_acquire());
}

// Who gets the permit may destroy it while release() returns.
GOROUTINE_TEST(semaphore, destroyed_by_the_one_that_was_let_go) {
    for (int i = 0; i < test::sized(5000); i++) {
        auto s = std::make_unique<semaphore>(0);
        semaphore& of_others = *s;
        gangway::go([&] { of_others.release(); });
        if (i % 2 == 0) gangway::gosched();
        s->acquire();
        s.reset();
    }
}

GOROUTINE_TEST(semaphore, wrong_numbers) {
    try {
        semaphore negative(-1);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::invalid_argument& e) {
        EXPECT_STREQ("gangway::semaphore::semaphore: n is -1, not in 0 to 4611686018427387903", e.what());
    }
    EXPECT_THROW(semaphore(semaphore::max() + 1), std::invalid_argument);
    semaphore s(1);
    EXPECT_THROW(s.release(-1), std::invalid_argument);
    try {
        s.release(semaphore::max());
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::invalid_argument& e) {
        EXPECT_STREQ("gangway::semaphore::release: k is 4611686018427387903, not in 0 to 4611686018427387902",
                     e.what());
    }
    EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
    s.release(semaphore::max());
    EXPECT_THROW(s.release(), std::invalid_argument);
    EXPECT_TRUE(s.try_acquire());
    EXPECT_NO_THROW(s.release());
}

TEST(semaphore, off_a_goroutine) {
    semaphore s(1);
    s.acquire();
    EXPECT_FALSE(s.try_acquire_for(1ms));
    EXPECT_FALSE(s.try_acquire_until(steady::now() + 1ms));
    EXPECT_FALSE(s.try_acquire_for(0s));
    EXPECT_FALSE(s.try_acquire_until(steady::now()));
    gangway::go([&] { s.release(2); });
    s.acquire();
    EXPECT_TRUE(s.try_acquire_for(1h));
    EXPECT_FALSE(s.try_acquire());
    EXPECT_TRUE(test::until_alone());
}

// --- with a deadline

GOROUTINE_TEST(semaphore, a_deadline_passes) {
    semaphore s(1);
    EXPECT_TRUE(s.try_acquire_for(0ms));
    const auto timers = gangway::runtime::pending_timers();
    for (auto d : {-1h, 0h}) EXPECT_FALSE(s.try_acquire_for(d));
    auto before = steady::now();
    EXPECT_FALSE(s.try_acquire_for(2ms));
    EXPECT_GE(steady::now() - before, 2ms);
    before = steady::now();
    EXPECT_FALSE(s.try_acquire_until(before + 2ms));
    EXPECT_GE(steady::now() - before, 2ms);
    const auto by = std::chrono::system_clock::now() + 2ms;
    EXPECT_FALSE(s.try_acquire_until(by));
    EXPECT_GE(std::chrono::system_clock::now(), by);
    EXPECT_EQ(timers, gangway::runtime::pending_timers());
    // Those that have given up left nothing behind.
    EXPECT_FALSE(s.try_acquire());
    s.release();
    EXPECT_TRUE(s.try_acquire_until(before));
    EXPECT_FALSE(s.try_acquire());
}

GOROUTINE_TEST(semaphore, a_permit_comes_before_the_deadline) {
    semaphore s(0);
    const auto timers = gangway::runtime::pending_timers();
    gangway::wait_group done;
    done.go([&] { EXPECT_TRUE(s.try_acquire_for(1h)); });
    done.go([&] { EXPECT_TRUE(s.try_acquire_for(std::chrono::hours::max())); });
    done.go([&] { EXPECT_TRUE(s.try_acquire_until(steady::now() + 1h)); });
    ASSERT_TRUE(test::until_parked(3, waits));
    s.release(3);
    done.wait();
    EXPECT_EQ(timers, gangway::runtime::pending_timers());
    EXPECT_FALSE(s.try_acquire());
}

// Deadlines and permits meet: a permit is with one that says so, or free.
GOROUTINE_TEST(semaphore, no_permit_is_lost_at_a_deadline) {
    constexpr int permits = 2;
    semaphore s(permits);
    std::atomic<int> inside{0};
    std::atomic<std::int64_t> got{0};
    std::atomic<std::int64_t> passed{0};
    const int enough = test::sized(2000);
    gangway::wait_group done;
    for (int i = 0; i < 6; i++) {
        done.go([&, i] {
            for (int k = 0; got < enough || passed < enough / 20; k++) {
                if (!s.try_acquire_for(std::chrono::microseconds(1 + (k + i) % 40))) {
                    ++passed;
                    continue;
                }
                ++got;
                EXPECT_LE(++inside, permits);
                if (k % 4 == 0) gangway::sleep_for(std::chrono::microseconds(k % 60));
                --inside;
                s.release();
            }
        });
    }
    done.wait();
    for (int i = 0; i < permits; i++) EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
}

}  // namespace
