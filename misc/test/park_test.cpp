// SPDX-License-Identifier: BSD-3-Clause
// Parking by itself, white box: what programs above it can only meet by luck.
#include <atomic>
#include <mutex>
#include <vector>

#include "fixture.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/sema.hpp"

namespace {

namespace rt = gangway::runtime;

std::atomic<int> other_work{0};

// Parts m and g, makes the g runnable, does other work on the m, and only then schedules: by that time another m may
// have picked the g, and where it is locked, handed this m a p for it.
void lets_others_run_it_first(rt::g* gp) {
    rt::m* mp = rt::getm();
    rt::dropg(mp);
    rt::sched.lock.lock();
    rt::store_relaxed(gp->status, static_cast<std::uint32_t>(rt::Grunnable));
    rt::globrunqput(gp);
    rt::sched.lock.unlock();
    rt::wakep();
    for (int i = 0; i < 1000; i++) rt::cpu_relax();
    other_work++;
    rt::schedule();
}

GOROUTINE_TEST(mcall, may_make_the_goroutine_runnable_before_it_schedules) {
    other_work = 0;
    constexpr int each = test::under_sanitizer ? 50 : 1000;
    gangway::wait_group wg;
    for (int i = 0; i < 4; i++) {
        wg.go([i] {
            const bool locked = i % 2 == 0;
            if (locked) gangway::lock_os_thread();
            const auto thread = gangway::mid();
            for (int k = 0; k < each; k++) {
                rt::mcall(&lets_others_run_it_first);
                if (locked) {
                    ASSERT_EQ(thread, gangway::mid());
                }
            }
            if (locked) gangway::unlock_os_thread();
        });
    }
    wg.wait();
    EXPECT_EQ(4 * each, other_work.load());
}

bool refuses(rt::g*, void* calls) {
    ++*static_cast<int*>(calls);
    return false;
}

GOROUTINE_TEST(gopark, goes_on_when_unlockf_refuses) {
    int calls = 0;
    for (int i = 0; i < 100; i++) rt::gopark(&refuses, &calls, rt::wait_reason::none);
    EXPECT_EQ(100, calls);
}

GOROUTINE_TEST(gopark, goes_on_when_unlockf_refuses_and_others_are_runnable) {
    gangway::wait_group wg;
    std::atomic<int> calls{0};
    for (int i = 0; i < 8; i++) {
        wg.go([&] {
            int own = 0;
            for (int k = 0; k < 200; k++) {
                rt::gopark(&refuses, &own, rt::wait_reason::none);
                gangway::gosched();
            }
            calls += own;
        });
    }
    wg.wait();
    EXPECT_EQ(8 * 200, calls.load());
}

GOROUTINE_TEST(gopark, goes_on_when_unlockf_refuses_and_the_goroutine_is_locked) {
    gangway::os_thread_lock locked;
    int calls = 0;
    for (int i = 0; i < 100; i++) rt::gopark(&refuses, &calls, rt::wait_reason::none);
    EXPECT_EQ(100, calls);
}

// A semaphore's waiters are served in the order in which they came.
GOROUTINE_TEST(semacquire, is_first_come_first_served) {
    rt::semaphore_word word{0};
    std::vector<int> order;
    gangway::mutex lock;
    gangway::wait_group wg;
    constexpr int waiters = 20;
    for (int i = 0; i < waiters; i++) {
        const auto parked = gangway::read_mem_stats().parks;
        wg.go([&, i] {
            rt::semacquire(word, rt::wait_reason::semacquire);
            std::lock_guard guard(lock);
            order.push_back(i);
        });
        ASSERT_TRUE(test::yield_until([&] { return gangway::read_mem_stats().parks > parked; }));
    }
    for (int i = 0; i < waiters; i++) {
        rt::semrelease(word);
        ASSERT_TRUE(test::yield_until([&] {
            std::lock_guard guard(lock);
            return order.size() == static_cast<std::size_t>(i) + 1;
        }));
    }
    wg.wait();
    for (int i = 0; i < waiters; i++) EXPECT_EQ(i, order[static_cast<std::size_t>(i)]);
}

// Many words of one bucket of the table, waited for and released in other orders.
GOROUTINE_TEST(semacquire, keeps_apart_words_that_share_a_bucket) {
    constexpr std::size_t stride = 251 * 2;  // of the table's size in words of eight bytes
    constexpr std::size_t words = 64;
    constexpr int each = 3;
    std::vector<rt::semaphore_word> all(stride * words);
    std::vector<std::atomic<int>> got(words);
    gangway::wait_group wg;
    for (std::size_t w = 0; w < words; w++) {
        for (int i = 0; i < each; i++) {
            wg.go([&, w] {
                rt::semacquire(all[w * stride], rt::wait_reason::semacquire);
                got[w]++;
            });
        }
    }
    for (std::size_t k = 0; k < words * each; k++) rt::semrelease(all[k * 37 % words * stride]);
    wg.wait();
    for (std::size_t w = 0; w < words; w++) EXPECT_EQ(each, got[w].load()) << w;
}

}  // namespace
