// SPDX-License-Identifier: BSD-3-Clause
// The run queue by itself, white box: RunSchedLocalQueueTest, RunSchedLocalQueueStealTest,
// RunSchedLocalQueueEmptyTest, WSQTest.sanity, testwsdeque. Left out: RunStealOrderTest, for thieves begin at a random p
// and go round, and TestLFStack, for there are no lock-free stacks.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/runq.hpp"
#include "sizes.hpp"

namespace {

using namespace gangway::runtime;

constexpr int rounds = test::under_sanitizer ? 2'000 : 100'000;

g* steal(p* pp, p* victim) {
    bool left_alone = false;
    g* gp = runqsteal(pp, victim);
    return gp != nullptr ? gp : runqsteal_next(victim, &left_alone);
}

TEST(runq, is_fifo_and_empty_when_it_should_be) {
    auto pp = std::make_unique<p>();
    std::vector<g> gs(runq_size);
    for (std::uint32_t n = 0; n < runq_size; n++) {
        ASSERT_TRUE(runqempty(pp.get()));
        for (std::uint32_t i = 0; i < n; i++) {
            runqput(pp.get(), &gs[i], false);
            ASSERT_EQ(i + 1, runqlen(pp.get()));
        }
        for (std::uint32_t i = 0; i < n; i++) ASSERT_EQ(&gs[i], runqget(pp.get()));
        ASSERT_EQ(nullptr, runqget(pp.get()));
    }
}

TEST(runq, runnext_goes_first_and_pushes_the_one_before_to_the_tail) {
    auto pp = std::make_unique<p>();
    std::vector<g> gs(3);
    runqput(pp.get(), &gs[0], false);
    runqput(pp.get(), &gs[1], true);
    runqput(pp.get(), &gs[2], true);
    EXPECT_EQ(&gs[2], runqget(pp.get()));
    EXPECT_EQ(&gs[0], runqget(pp.get()));
    EXPECT_EQ(&gs[1], runqget(pp.get()));
    EXPECT_TRUE(runqempty(pp.get()));
}

TEST(runq, two_in_runnext_by_turns_do_not_starve_the_ring) {
    auto pp = std::make_unique<p>();
    std::vector<g> gs(2);
    runqput(pp.get(), &gs[1], false);
    std::uint32_t before_ring = 0;
    for (;; before_ring++) {
        runqput(pp.get(), &gs[0], true);
        if (runqget(pp.get()) == &gs[1]) break;
        ASSERT_LE(before_ring, runnext_limit);
    }
    EXPECT_EQ(runnext_limit, before_ring);
}

TEST(runq, a_thief_takes_half_and_each_is_seen_once) {
    auto from = std::make_unique<p>();
    auto to = std::make_unique<p>();
    std::vector<g> gs(runq_size);
    for (std::uint32_t n = 0; n < runq_size; n++) {
        std::vector<int> seen(n);
        auto see = [&](const g* gp) { seen[static_cast<std::size_t>(gp - gs.data())]++; };
        for (std::uint32_t i = 0; i < n; i++) runqput(from.get(), &gs[i], false);
        std::uint32_t stolen = 0;
        if (const g* gp = steal(to.get(), from.get())) {
            see(gp);
            stolen++;
        }
        while (const g* gp = runqget(to.get())) {
            see(gp);
            stolen++;
        }
        EXPECT_TRUE(stolen == n / 2 || stolen == n / 2 + 1 || n == 0) << stolen << " of " << n;
        while (const g* gp = runqget(from.get())) see(gp);
        for (std::uint32_t i = 0; i < n; i++) ASSERT_EQ(1, seen[i]) << i << " of " << n;
    }
}

// One goroutine that moves between runnext and the ring is always somewhere.
TEST(runq, is_never_seen_empty_while_one_moves) {
    auto pp = std::make_unique<p>();
    g kept;
    g passing;
    runqput(pp.get(), &kept, true);
    std::atomic<bool> done{false};
    std::thread looks([&] {
        while (!done.load()) ASSERT_FALSE(runqempty(pp.get()));
    });
    for (int i = 0; i < rounds; i++) {
        runqput(pp.get(), &passing, true);  // kept goes to the ring
        ASSERT_EQ(&passing, runqget_next(pp.get()));
        runqput(pp.get(), &passing, false);
        ASSERT_EQ(&kept, runqget_ring(pp.get()));
        runqput(pp.get(), &kept, true);
        ASSERT_EQ(&passing, runqget_ring(pp.get()));
    }
    done = true;
    looks.join();
}

// A thread that waits for a CPU switches to nobody, as one that computes: so not each time.
TEST(runq, runnext_is_left_to_an_owner_that_switches) {
    auto victim = std::make_unique<p>();
    g next;
    store_relaxed(victim->status, Prunning);
    runqput(victim.get(), &next, true);
    std::atomic<bool> enough{false};
    std::thread owner([&] {
        while (!enough.load()) count(victim->schedtick);
    });
    bool left_alone = false;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!left_alone && std::chrono::steady_clock::now() < deadline) {
        const g* stolen = runqsteal_next(victim.get(), &left_alone);
        EXPECT_EQ(left_alone, stolen == nullptr);
        if (stolen != nullptr) runqput(victim.get(), &next, true);  // its owner does not touch it
    }
    EXPECT_TRUE(left_alone);
    enough = true;
    owner.join();
}

TEST(runq, runnext_is_taken_from_an_owner_that_does_not_switch) {
    auto victim = std::make_unique<p>();
    g next;
    store_relaxed(victim->status, Prunning);
    runqput(victim.get(), &next, true);
    bool left_alone = false;
    EXPECT_EQ(&next, runqsteal_next(victim.get(), &left_alone));
    EXPECT_FALSE(left_alone);
    EXPECT_TRUE(runqempty(victim.get()));
}

// The owner puts and gets while thieves steal: each goroutine is taken once.
TEST(runq, thieves_and_owner_take_each_once) {
    constexpr int thieves = 4;
    const std::size_t n = static_cast<std::size_t>(rounds);
    auto owner = std::make_unique<p>();
    std::vector<g> gs(n);
    std::vector<std::atomic<int>> taken(n);
    std::atomic<std::size_t> total{0};
    auto take = [&](const g* gp) {
        taken[static_cast<std::size_t>(gp - gs.data())]++;
        total++;
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < thieves; t++) {
        threads.emplace_back([&] {
            auto own = std::make_unique<p>();
            while (total.load() < n) {
                if (const g* gp = steal(own.get(), owner.get())) take(gp);
                while (const g* gp = runqget(own.get())) take(gp);
            }
        });
    }
    for (std::size_t i = 0; i < n; i++) {
        while (runqlen(owner.get()) > runq_size - 2) {
            if (const g* gp = runqget(owner.get())) take(gp);
        }
        runqput(owner.get(), &gs[i], i % 3 == 0);
        if (i % 5 == 0) {
            if (const g* gp = runqget(owner.get())) take(gp);
        }
    }
    while (total.load() < n) {
        if (const g* gp = runqget(owner.get())) take(gp);
    }
    for (auto& t : threads) t.join();
    for (std::size_t i = 0; i < n; i++) ASSERT_EQ(1, taken[i].load()) << i;
}

}  // namespace
