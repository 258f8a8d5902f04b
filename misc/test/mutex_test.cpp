// SPDX-License-Identifier: BSD-3-Clause
// Mutual exclusion that parks goroutines, and lets none of them wait for ever.
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace {

using gangway::mutex;

static_assert(sizeof(mutex) == 8);

GOROUTINE_TEST(mutex, works_with_std_locks) {
    mutex a;
    mutex b;
    { std::lock_guard lock(a); }
    {
        std::unique_lock lock(a);
        EXPECT_TRUE(lock.owns_lock());
        EXPECT_FALSE(a.try_lock());
        lock.unlock();
        EXPECT_TRUE(lock.try_lock());
    }
    {
        std::scoped_lock both(a, b);
        EXPECT_FALSE(a.try_lock());
        EXPECT_FALSE(b.try_lock());
    }
    EXPECT_TRUE(a.try_lock());
    a.unlock();
}

// HammerMutex: the counter is no atomic.
GOROUTINE_TEST(mutex, excludes) {
    mutex m;
    std::int64_t counter = 0;
    std::atomic<int> inside{0};
    gangway::wait_group done;
    constexpr int goroutines = 10;
    const int each = test::sized(10'000);
    for (int i = 0; i < goroutines; i++) {
        done.go([&, i] {
            for (int k = 0; k < each; k++) {
                if (k % 3 == 0) {
                    while (!m.try_lock()) gangway::gosched();
                } else {
                    m.lock();
                }
                ASSERT_EQ(1, ++inside);
                ++counter;
                if ((k + i) % 50 == 0) gangway::gosched();  // with the lock held
                --inside;
                m.unlock();
            }
        });
    }
    done.wait();
    EXPECT_EQ(std::int64_t{goroutines} * each, counter);
}

GOROUTINE_TEST(mutex, waits_while_it_is_held) {
    mutex m;
    m.lock();
    std::atomic<int> got{0};
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([&] {
            std::lock_guard lock(m);
            ++got;
        });
    }
    for (int i = 0; i < 200; i++) gangway::gosched();
    EXPECT_EQ(0, got);
    m.unlock();
    done.wait();
    EXPECT_EQ(10, got);
}

GOROUTINE_TEST(mutex, another_goroutine_may_unlock_it) {
    mutex m;
    for (int i = 0; i < 100; i++) {
        m.lock();
        gangway::go([&] { m.unlock(); });
    }
    m.lock();
    m.unlock();
    EXPECT_TRUE(test::until_alone());
}

GOROUTINE_TEST(mutex, a_foreign_thread_may_unlock_it) {
    mutex m;
    m.lock();
    std::thread other([&] { m.unlock(); });
    m.lock();
    other.join();
    m.unlock();
}

// The last of those who count themselves out under the lock destroys it, while the unlock() before may be under way.
GOROUTINE_TEST(mutex, is_destroyed_by_who_had_it_last) {
    struct shared {
        mutex m;
        int users = 8;
    };
    for (int i = 0; i < test::sized(2'000); i++) {
        auto* s = new shared;
        gangway::wait_group users;
        for (int k = s->users; k > 0; k--) {
            users.go([s, k] {
                s->m.lock();
                if (k % 2 == 0) gangway::gosched();  // so that others come to wait
                const bool last = --s->users == 0;
                s->m.unlock();
                if (last) delete s;
            });
        }
        users.wait();
    }
}

// TestMutexFairness: one that takes the lock again as soon as it has let it go cannot keep it from one that comes seldom.
GOROUTINE_TEST(mutex, TestMutexFairness) {
    using namespace std::chrono_literals;
    constexpr int turns = 10;
    constexpr int enough = 1'000 * turns;
    mutex m;
    std::atomic<int> left{turns};
    auto greedy = gangway::spawn([&] {
        int taken = 0;
        for (; left > 0 && taken < enough; taken++) {
            std::lock_guard lock(m);
            gangway::sleep_for(100us);
        }
        return taken;
    });
    gangway::spawn([&] {
        for (; left > 0; --left) {
            gangway::sleep_for(100us);
            std::lock_guard lock(m);
        }
    }).join();
    EXPECT_LT(greedy.join(), enough);
}

// A waiter that has waited long gets the lock handed over: nobody who comes later overtakes it for ever.
GOROUTINE_TEST(mutex, nobody_starves_among_many) {
    mutex m;
    constexpr std::size_t goroutines = 16;
    std::array<std::atomic<int>, goroutines> turns{};
    std::atomic<bool> over{false};
    gangway::wait_group done;
    for (std::size_t i = 0; i < goroutines; i++) {
        done.go([&, i] {
            while (!over) {
                std::lock_guard lock(m);
                ++turns[i];
                gangway::gosched();
            }
        });
    }
    EXPECT_TRUE(test::yield_until([&] {
        for (auto& t : turns) {
            if (t < 20) return false;
        }
        return true;
    }));
    over = true;
    done.wait();
}

// Addresses that share a wait queue's slot do not share wake-ups.
GOROUTINE_TEST(mutex, many_mutexes_at_once) {
    const std::size_t n = 1000;
    auto mutexes = std::make_unique<mutex[]>(n);
    for (std::size_t i = 0; i < n; i++) mutexes[i].lock();
    std::vector<std::atomic<int>> got(n);
    gangway::wait_group done;
    for (std::size_t i = 0; i < n; i++) {
        done.go([&, i] {
            std::lock_guard lock(mutexes[i]);
            ++got[i];
        });
    }
    for (std::size_t i = n; i-- > 0;) {
        EXPECT_EQ(0, got[i]);
        mutexes[i].unlock();
        if (i % 100 == 0) {
            EXPECT_TRUE(test::yield_until([&] { return got[i] == 1; }));
        }
    }
    done.wait();
    for (auto& g : got) EXPECT_EQ(1, g);
}

TEST(mutex, off_a_goroutine) {
    mutex m;
    m.lock();
    EXPECT_FALSE(m.try_lock());
    gangway::go([&] { m.unlock(); });
    m.lock();
    m.unlock();
    test::run_and_check([&] {
        std::lock_guard lock(m);
        gangway::gosched();
    });
    EXPECT_TRUE(test::until_alone());
}

}  // namespace
