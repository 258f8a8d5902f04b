// SPDX-License-Identifier: BSD-3-Clause
// Who waits gets its turn, and who computes gets no more than its share.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>

#include "fixture.hpp"
#include "preempt/preemptible.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int goroutines = 8;

// On a line of its own: how fast a core gets the line of another's count is not the scheduler's.
struct alignas(128) count : std::atomic<std::uint64_t> {};
using counts = std::array<count, goroutines>;

double seconds(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Gives how much of two cores the process had meanwhile: 1 is all.
template <class Work>
double share_once(std::chrono::milliseconds length, Work work, counts& done) {
    double share = 0;
    test::run_and_check(test::with_ps(2), [&] {
        std::atomic<bool> stop{false};
        gangway::wait_group wg;
        for (auto& mine : done) wg.go([&] { work(stop, mine); });
        const double began = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
        gangway::sleep_for(length);
        share = (seconds(CLOCK_PROCESS_CPUTIME_ID) - used) / (seconds(CLOCK_MONOTONIC) - began) / 2;
        stop = true;
        wg.wait();
    });
    return share;
}

// Each one's, of the mean.
std::string shares(const counts& done, double mean) {
    std::string text;
    for (auto& n : done) text += " " + std::to_string(static_cast<double>(n) / mean);
    return text;
}

// Eight goroutines on two ps: each is within 10 % of the mean. What is counted is turns, which the scheduler gives, and
// not rounds of a loop: how many of those a turn has is for the machine's other work to say. Where that has kept one of
// the two ms off its core the goroutines of its p had fewer turns, and nothing is said about the scheduler. A host that
// takes a core away does not always say so: a scheduler that is not fair is so each time.
template <class Work>
void share_two_ps(std::chrono::milliseconds length, Work work) {
    constexpr int most_tries = 5;
    double share_of_cores = 0;
    std::string unfair;
    for (int i = 0; i < most_tries; i++) {
        counts done{};
        share_of_cores = share_once(length, work, done);
        if (share_of_cores < 0.97) continue;
        std::uint64_t sum = 0;
        for (auto& n : done) sum += n;
        const double mean = static_cast<double>(sum) / goroutines;
        if (std::ranges::all_of(done,
                                [=](auto& n) { return std::abs(static_cast<double>(n) - mean) < 0.1 * mean; }))
            return;
        unfair += "\n" + shares(done, mean);
    }
    ASSERT_EQ("", unfair);
    GTEST_SKIP() << "two ps had " << share_of_cores << " of two cores at the last try: others use them";
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
    share_two_ps(5s, [](std::atomic<bool>& stop, std::atomic<std::uint64_t>& mine) {
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

// What never ends and never waits, each in its own way: a step of it.
struct hog {
    const char* name;
    void (*step)();
};

void write_to_null() {
    static const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    gangway::call<&::write>(null, "x", 1UL);
}

// This program's operator new is preemptible.
void allocate() {
    auto* p = new int(1);
    asm volatile("" : : "r"(p) : "memory");
    delete p;
}

void select_nothing() {
    static gangway::chan<int>* const never = new gangway::chan<int>;
    gangway::select(gangway::on_recv(*never, [](std::optional<int>) {}), gangway::on_default([] {}));
}

constexpr std::array hogs{
    hog{"yields", [] { gangway::gosched(); }},
    hog{"computes", &preemptible::touch},
    hog{"calls_C", &write_to_null},   // GCFairness, TestTimerFairness2
    hog{"allocates", &allocate},      // GCFairness2
    hog{"selects", &select_nothing},  // TestTimerFairness
    hog{"asks", [] { gangway::preempt_point(); }},
};

class beside_hogs : public testing::TestWithParam<hog> {
protected:
    // On one p, where two of them are at it for ever. Where they starve wait(), the test does not end.
    template <class Wait>
    void beside(Wait wait) {
        test::run_and_check(test::with_ps(1), [&] {
            std::atomic<bool> stop{false};
            gangway::wait_group wg;
            for (int i = 0; i < 2; i++) {
                wg.go([&] {
                    for (; !stop; steps_++) GetParam().step();
                });
            }
            wait();
            stop = true;
            wg.wait();
        });
    }
    std::atomic<std::uint64_t> steps_{0};
};

// Each of the turns comes after theirs.
TEST_P(beside_hogs, another_goroutine_has_its_turns) {
    beside([&] {
        for (int turn = 0; turn < 20; turn++) {
            const std::uint64_t before = steps_;
            EXPECT_TRUE(test::yield_until([&] { return steps_ != before; }));
        }
    });
}

TEST_P(beside_hogs, the_global_queue_is_not_starved) {
    beside([] {
        for (int i = 0; i < 5; i++) {
            gangway::chan<int> c;
            std::thread outside([c]() mutable { gangway::go([c]() mutable { c.send(1); }); });
            EXPECT_EQ(c.recv(), 1);
            outside.join();
        }
    });
}

TEST_P(beside_hogs, timers_are_not_starved) {
    beside([] {
        for (int i = 0; i < 5; i++) {
            gangway::sleep_for(1ms);
            EXPECT_TRUE(gangway::after(1ms).recv().has_value());
        }
    });
}

TEST_P(beside_hogs, the_poller_is_not_starved) {
    beside([] {
        for (int i = 0; i < 5; i++) {
            int ends[2];
            ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
            std::thread outside([&] { EXPECT_EQ(write(ends[1], "x", 1), 1); });
            EXPECT_EQ(gangway::wait_fd(ends[0], POLLIN), POLLIN);
            outside.join();
            close(ends[0]);
            close(ends[1]);
        }
    });
}

TEST_P(beside_hogs, the_world_stops) {
    beside([] {
        for (int i = 0; i < 5; i++) EXPECT_GE(gangway::read_mem_stats().goroutines, 3U);
    });
}

INSTANTIATE_TEST_SUITE_P(fairness, beside_hogs, testing::ValuesIn(hogs),
                         [](const auto& of) { return std::string(of.param.name); });

// A yield is behind all that wait in the global queue, where nobody else waits: they do not get one turn in 61.
TEST(fairness, a_yield_lets_the_global_queue_go_first) {
    test::run_and_check(test::with_ps(1), [] {
        constexpr int n = 2000;
        std::atomic<int> ran{0};
        std::thread([&] {
            for (int i = 0; i < n; i++) gangway::go([&] { ++ran; });
        }).join();
        int yields = 0;
        EXPECT_TRUE(test::yield_until([&] { return yields++, ran == n; }));
        EXPECT_LT(yields, n / 10);
    });
}

// A goroutine that computes for ever keeps the only p for no longer than its time slice: it is made to yield before each
// of the other's turns.
TEST(fairness, one_that_computes_is_preempted_for_each_turn_of_another) {
    test::run_and_check(test::with_ps(1), [] {
        constexpr int turns = 20;
        std::atomic<bool> stop{false};
        std::atomic<std::uint64_t> rounds{0};
        const std::uint64_t before = gangway::read_mem_stats().preemptions;
        gangway::wait_group wg;
        wg.go([&] { preemptible::count_until(stop, rounds); });
        for (int turn = 0; turn < turns; turn++) {
            const std::uint64_t seen = rounds;
            EXPECT_TRUE(test::yield_until([&] { return rounds != seen; }));
        }
        EXPECT_GE(gangway::read_mem_stats().preemptions, before + turns);
        stop = true;
        wg.wait();
    });
}

}  // namespace
