// SPDX-License-Identifier: BSD-3-Clause
// C that sleeps does not keep other goroutines from running, not those either that a callback from it started.
// Here the sleeps are the subject: two of them must overlap.
#include <atomic>
#include <chrono>

#include "../c/block.h"
#include "../c/callback.h"
#include "../fixture.hpp"

namespace {

constexpr int sleep_for_ms = 1000;
constexpr int both_within_ms = 1300;

class stopwatch {
public:
    [[nodiscard]] auto ms() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start_).count();
    }

private:
    using clock = std::chrono::steady_clock;
    clock::time_point start_ = clock::now();
};

gangway::chan<bool>* sleep_done = nullptr;

void background_sleep() {
    gangway::go([done = *sleep_done]() mutable {
        gangway::call<&::sleep_ms>(sleep_for_ms);
        done.send(true);
    });
}

GOROUTINE_TEST(issue1560, TestParallelSleep) {
    gangway::chan<bool> done;
    sleep_done = &done;
    stopwatch time;
    gangway::call<&::start_then_sleep_ms>(gangway::exported<&background_sleep>, sleep_for_ms);
    done.recv();
    EXPECT_LT(time.ms(), both_within_ms);
}

GOROUTINE_TEST(issue1560, two_goroutines_sleep_in_c) {
    gangway::chan<bool> done;
    sleep_done = &done;
    stopwatch time;
    background_sleep();
    background_sleep();
    done.recv();
    done.recv();
    EXPECT_LT(time.ms(), both_within_ms);
}

// A goroutine and a callback spin, with yields, for each other's turn: 1, 2, 3 ... So C does not hold the p while the
// goroutine that called it is back in goroutine code.
std::atomic<int> turn{0};
constexpr int last_turn = 20;

void takes_even_turns() {
    for (int i = 0; i < last_turn; i += 2) {
        ASSERT_TRUE(test::yield_until([i] { return turn == i; }));
        turn = i + 1;
    }
}

GOROUTINE_TEST(issue1560, test1560) {
    turn = 0;
    auto odd = gangway::spawn([] {
        for (int i = 1; i < last_turn; i += 2) {
            ASSERT_TRUE(test::yield_until([i] { return turn == i; }));
            turn = i + 1;
        }
    });
    gangway::call<&::call_times>(gangway::exported<&takes_even_turns>, 1);
    odd.join();
    EXPECT_EQ(last_turn, turn);
}

}  // namespace
