// SPDX-License-Identifier: BSD-3-Clause
// Who waits gets its turn, and who computes gets no more than its share.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include "fixture.hpp"
#include "preempt/preemptible.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int goroutines = 8;
using counts = std::array<std::atomic<std::uint64_t>, goroutines>;

// Eight goroutines on two ps: each is within 10 % of the mean. What is counted is turns, which the scheduler gives, and
// not rounds of a loop: how many of those a turn has is for the machine's other work to say.
template <class Work>
void share_two_ps(std::chrono::milliseconds length, Work work) {
    test::run_and_check(test::with_ps(2), [&] {
        std::atomic<bool> stop{false};
        counts done{};
        gangway::wait_group wg;
        for (auto& mine : done) wg.go([&] { work(stop, mine); });
        gangway::sleep_for(length);
        stop = true;
        wg.wait();
        std::uint64_t sum = 0;
        for (auto& n : done) sum += n;
        const double mean = static_cast<double>(sum) / goroutines;
        for (auto& n : done) EXPECT_NEAR(static_cast<double>(n), mean, 0.1 * mean);
    });
}

// A p counts the turns that it gives.
class turns {
public:
    explicit turns(std::atomic<std::uint64_t>& count) : count_(count) {}
    void look() {
        const gangway::runtime::p* pp = gangway::runtime::getm()->p;
        const std::uint32_t tick = pp->schedtick.load(std::memory_order_relaxed);
        if (pp == on_ && tick == tick_) return;
        on_ = pp;
        tick_ = tick;
        count_++;
    }

private:
    std::atomic<std::uint64_t>& count_;
    const gangway::runtime::p* on_ = nullptr;
    std::uint32_t tick_ = 0;
};

TEST(fairness, of_goroutines_that_compute) {
    share_two_ps(5s, [](std::atomic<bool>& stop, std::atomic<std::uint64_t>& mine) {
        turns mine_so_far(mine);
        while (!stop) {
            mine_so_far.look();
            preemptible::touch();
        }
    });
}

TEST(fairness, of_goroutines_that_yield) {
    share_two_ps(2s, [](std::atomic<bool>& stop, std::atomic<std::uint64_t>& mine) {
        while (!stop) {
            ++mine;
            gangway::gosched();
        }
    });
}

TEST(fairness, of_goroutines_with_preempt_points) {
    share_two_ps(5s, [](std::atomic<bool>& stop, std::atomic<std::uint64_t>& mine) {
        turns mine_so_far(mine);
        while (!stop) {
            mine_so_far.look();
            gangway::preempt_point();
        }
    });
}

// A goroutine that yields for ever, on one p, and whoever waits in another place than its p's queue.
template <class Wait>
void beside_one_that_yields(Wait wait) {
    test::run_and_check(test::with_ps(1), [&] {
        std::atomic<bool> stop{false};
        gangway::wait_group wg;
        wg.go([&] {
            while (!stop) gangway::gosched();
        });
        wait();
        stop = true;
        wg.wait();
    });
}

TEST(fairness, the_global_queue_is_not_starved_by_one_that_yields) {
    beside_one_that_yields([] {
        gangway::chan<int> c;
        std::thread outside([c]() mutable { gangway::go([c]() mutable { c.send(1); }); });
        EXPECT_EQ(c.recv(), 1);
        outside.join();
    });
}

TEST(fairness, timers_are_not_starved_by_one_that_yields) {
    beside_one_that_yields([] { gangway::sleep_for(1ms); });
}

TEST(fairness, the_poller_is_not_starved_by_one_that_yields) {
    beside_one_that_yields([] {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
        std::thread outside([&] { EXPECT_EQ(write(ends[1], "x", 1), 1); });
        EXPECT_EQ(gangway::wait_fd(ends[0], POLLIN), POLLIN);
        outside.join();
        close(ends[0]);
        close(ends[1]);
    });
}

}  // namespace
