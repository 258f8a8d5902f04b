// SPDX-License-Identifier: BSD-3-Clause
// What the runtime says of itself: ids, counts, statistics, stacks.
#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "fixture.hpp"

namespace {

GOROUTINE_TEST(numbers, goid_is_unique_and_constant) {
    std::set<std::uint64_t> seen{gangway::goid()};
    const std::uint64_t me = gangway::goid();
    gangway::mutex m;
    gangway::wait_group done;
    for (int i = 0; i < 1000; i++) {
        done.go([&] {
            const std::uint64_t mine = gangway::goid();
            gangway::gosched();
            EXPECT_EQ(mine, gangway::goid());
            std::lock_guard lock(m);
            EXPECT_TRUE(seen.insert(mine).second);
        });
    }
    done.wait();
    EXPECT_EQ(1001U, seen.size());
    EXPECT_EQ(me, gangway::goid());
}

GOROUTINE_TEST(numbers, num_goroutine_counts_the_users) {
    const int before = gangway::num_goroutine();
    EXPECT_GE(before, 1);
    gangway::chan<int> release;
    for (int i = 0; i < 50; i++) gangway::go([release]() mutable { release.recv(); });
    EXPECT_EQ(before + 50, gangway::num_goroutine());
    release.close();
    EXPECT_TRUE(test::yield_until([before] { return gangway::num_goroutine() == before; }));
}

TEST(numbers, off_a_goroutine) {
    EXPECT_EQ(0U, gangway::goid());
    EXPECT_EQ(0U, gangway::mid());
    EXPECT_FALSE(gangway::on_goroutine());
    EXPECT_EQ(0, gangway::num_goroutine());
    EXPECT_GE(gangway::num_cpu(), 1);
    EXPECT_NO_THROW(gangway::gosched());
    EXPECT_NO_THROW(gangway::preempt_point());
}

GOROUTINE_TEST(numbers, num_thread_counts_threads_in_c) {
    constexpr int n = 20;
    gangway::wait_group done;
    std::atomic<int> inside{0};
    std::atomic<bool> leave{false};
    for (int i = 0; i < n; i++) {
        done.go([&] {
            gangway::blocking_call([&] {
                ++inside;
                while (!leave) std::this_thread::yield();
            });
        });
    }
    EXPECT_TRUE(test::yield_until([&] { return inside == n; }));
    EXPECT_GT(gangway::num_thread(), n);
    leave = true;
    done.wait();
}

GOROUTINE_TEST(mem_stats, counts_add_up) {
    const gangway::mem_stats before = gangway::read_mem_stats();
    gangway::chan<int> release;
    for (int i = 0; i < 10; i++) gangway::go([release]() mutable { release.recv(); });
    const gangway::mem_stats s = gangway::read_mem_stats();
    EXPECT_EQ(before.goroutines + 10, s.goroutines);
    EXPECT_EQ(before.goroutines_made + 10, s.goroutines_made);
    EXPECT_EQ(static_cast<std::uint64_t>(test::ps()), s.ps);
    EXPECT_LE(s.ps_idle, s.ps);
    EXPECT_LE(s.ms_idle, s.ms);
    EXPECT_GT(s.stops, before.stops);
    EXPECT_LE(s.stack_in_use_bytes, s.stack_reserved_bytes);
    EXPECT_GE(s.stack_in_use_bytes, s.goroutines * (256 << 10));
    EXPECT_EQ(gangway::num_cgo_call(), s.cgo_calls);
    release.close();
}

GOROUTINE_TEST(stacks, has_an_entry_for_each_goroutine) {
    gangway::chan<int> release;
    for (int i = 0; i < 5; i++) gangway::go([release]() mutable { release.recv(); });
    EXPECT_TRUE(test::yield_until([] { return test::goroutines_in("chan receive") == 5; }));
    const std::string text = gangway::stacks();
    EXPECT_NE(std::string::npos, text.find("goroutine " + std::to_string(gangway::goid()) + " [running")) << text;
    release.close();
}

}  // namespace
