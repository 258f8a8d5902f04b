// SPDX-License-Identifier: BSD-3-Clause
// The channels' lock by itself, white box: BL1 to BL5.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>
#include <gtest/gtest.h>

#include "runtime/biased_lock.hpp"
#include "runtime/fence.hpp"
#include "sizes.hpp"

namespace {

using namespace gangway::runtime;

// Enough in a row for any bias that was not ended yet.
constexpr int plenty = 1'000;

std::unique_ptr<biased_lock> make_lock() {
    return std::make_unique<biased_lock>(lock_rank::channel);
}

void take_and_release(biased_lock& lock, int times) {
    for (int i = 0; i < times; i++) lock.unlock(lock.lock());
}

TEST(biased_lock, is_earned_by_one_p_and_then_taken_by_it) {
    gangway::run(gangway::options{.maxprocs = 1}, [] {
        auto lock = make_lock();
        EXPECT_EQ(nullptr, lock->lock());
        lock->unlock(nullptr);
        EXPECT_FALSE(lock->is_biased());
        take_and_release(*lock, plenty);
        ASSERT_EQ(membarrier_works, lock->is_biased());
        p* held_by = lock->lock();
        EXPECT_EQ(membarrier_works ? getm()->p : nullptr, held_by);
        lock->unlock();  // finds out itself how
        EXPECT_EQ(membarrier_works, lock->is_biased());
    });
}

TEST(biased_lock, two_at_once_are_held_by_one_p) {
    gangway::run(gangway::options{.maxprocs = 1}, [] {
        struct {
            biased_lock first{lock_rank::channel};
            biased_lock second{lock_rank::channel};  // at a higher address, as locks held together have to be
        } locks;
        biased_lock* first = &locks.first;
        biased_lock* second = &locks.second;
        take_and_release(*first, plenty);
        take_and_release(*second, plenty);
        p* first_by = first->lock();
        EXPECT_EQ(membarrier_works, first_by != nullptr);
        EXPECT_EQ(nullptr, second->lock());  // BL4
        EXPECT_EQ(membarrier_works, second->is_biased());
        first->unlock();
        second->unlock();
        EXPECT_EQ(membarrier_works ? getm()->p : nullptr, second->lock());
        second->unlock();
    });
}

TEST(biased_lock, a_thread_without_a_p_ends_the_bias) {
    auto lock = make_lock();
    gangway::run(gangway::options{.maxprocs = 1}, [&] { take_and_release(*lock, plenty); });
    ASSERT_EQ(membarrier_works, lock->is_biased());
    EXPECT_EQ(nullptr, lock->lock());
    lock->unlock();
    EXPECT_FALSE(lock->is_biased());
    take_and_release(*lock, plenty);
    EXPECT_FALSE(lock->is_biased()) << "earned by nobody";
}

// A lock of which the bias is ended while its p takes it without a pause.
struct contested {
    biased_lock lock{lock_rank::channel};
    std::atomic<int> inside{0};
    int taken = 0;  // lock
    bool overlap = false;

    void take() {
        p* held_by = lock.lock();
        if (inside.fetch_add(1, std::memory_order_relaxed) != 0) overlap = true;
        taken++;
        inside.fetch_sub(1, std::memory_order_relaxed);
        lock.unlock(held_by);
    }
};

TEST(biased_lock, one_holder_at_a_time_when_the_bias_ends) {
    if (!membarrier_works) GTEST_SKIP() << "no bias without membarrier";
    constexpr std::size_t rounds = test::under_sanitizer ? 200 : 2'000;
    std::vector<contested> locks(rounds);
    std::atomic<std::size_t> round{0};
    std::thread other([&] {
        for (std::size_t i = 0; i < rounds; i++) {
            while (!locks[i].lock.is_biased()) std::this_thread::yield();
            locks[i].take();
            round = i + 1;
        }
    });
    std::vector<int> taken(rounds);
    gangway::run(gangway::options{.maxprocs = 1}, [&] {
        for (std::size_t i = 0; i < rounds; i++) {
            while (round <= i) {
                locks[i].take();
                taken[i]++;
            }
        }
    });
    other.join();
    for (std::size_t i = 0; i < rounds; i++) {
        ASSERT_FALSE(locks[i].overlap) << "round " << i;
        ASSERT_EQ(taken[i] + 1, locks[i].taken) << "round " << i;
    }
}

// On all ps, with the bias ended by ps that then earn it themselves.
TEST(biased_lock, counts_right_while_it_goes_from_p_to_p) {
    constexpr int goroutines = 4;
    constexpr int turns = test::under_sanitizer ? 50 : 1'000;
    constexpr int in_a_row = plenty;
    auto lock = make_lock();
    std::int64_t counted = 0;  // lock
    gangway::run(gangway::options{.maxprocs = 4}, [&] {
        gangway::wait_group all;
        for (int i = 0; i < goroutines; i++) {
            all.go([&] {
                for (int turn = 0; turn < turns; turn++) {
                    for (int k = 0; k < in_a_row; k++) {
                        p* held_by = lock->lock();
                        counted++;
                        lock->unlock(held_by);
                    }
                    gangway::gosched();
                }
            });
        }
        all.wait();
    });
    EXPECT_EQ(std::int64_t{goroutines} * turns * in_a_row, counted);
}

}  // namespace
