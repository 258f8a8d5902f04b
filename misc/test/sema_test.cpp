// SPDX-License-Identifier: BSD-3-Clause
// The table of those who wait for semaphores (runtime/sema.cpp), white box: BenchmarkSemTable's cases, as a test.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "fixture.hpp"
#include "runtime/sema.hpp"

namespace {

using gangway::runtime::semacquire;
using gangway::runtime::semaphore_word;
using gangway::runtime::semrelease;
using gangway::runtime::wait_reason;

// Words 251 * 8 bytes apart are all in one part of the table.
constexpr std::size_t apart = 251 * 8 / sizeof(semaphore_word);

// One waiter for each of n words. They are let go in any order, each by its own word and nobody else.
void one_waiter_each(int n, std::size_t step) {
    const auto count = static_cast<std::size_t>(n);
    std::vector<semaphore_word> words(count * step);
    std::vector<std::atomic<int>> woken(count);
    gangway::wait_group done;
    for (std::size_t i = 0; i < count; i++) {
        done.go([&, i] {
            semacquire(words[i * step], wait_reason::semacquire);
            woken[i]++;
        });
    }
    ASSERT_TRUE(test::until_parked(n, "semacquire"));
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; i++) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937{42});
    for (std::size_t k = 0; k < count; k++) {
        semrelease(words[order[k] * step]);
        if (k % 64 != 0) continue;
        EXPECT_TRUE(test::yield_until([&] { return woken[order[k]] == 1; }));
        EXPECT_EQ(0, woken[order.back()] * static_cast<int>(k + 1 < count));
    }
    done.wait();
    for (auto& w : woken) EXPECT_EQ(1, w);
}

GOROUTINE_TEST(sem_table, one_waiter_for_each_of_many_words) {
    one_waiter_each(test::sized(5000), 1);
}

GOROUTINE_TEST(sem_table, many_words_that_collide) {
    one_waiter_each(test::sized(5000), apart);
}

// Many waiters of one word, among waiters of others in the same part: first come, first served.
GOROUTINE_TEST(sem_table, many_waiters_of_one_word_among_others) {
    constexpr std::size_t others = 50;
    const int n = test::sized(200, 4);
    std::vector<semaphore_word> words((others + 1) * apart);
    semaphore_word& one = words[others / 2 * apart];
    std::vector<int> order(static_cast<std::size_t>(n), -1);
    std::atomic<std::size_t> woken{0};
    gangway::wait_group done;
    int parked = 0;
    for (std::size_t i = 0; i <= others; i++) {
        if (i == others / 2) continue;
        done.go([&, i] { semacquire(words[i * apart], wait_reason::semacquire); });
        ++parked;
    }
    for (int i = 0; i < n; i++) {
        done.go([&, i] {
            semacquire(one, wait_reason::semacquire);
            order[woken++] = i;
        });
        ASSERT_TRUE(test::until_parked(++parked, "semacquire"));
    }
    for (int i = 0; i < n; i++) {
        semrelease(one);
        ASSERT_TRUE(test::yield_until([&] { return woken == static_cast<std::size_t>(i) + 1; }));
    }
    for (std::size_t i = 0; i <= others; i++)
        if (i != others / 2) semrelease(words[i * apart]);
    done.wait();
    for (int i = 0; i < n; i++) EXPECT_EQ(i, order[static_cast<std::size_t>(i)]);
}

}  // namespace
