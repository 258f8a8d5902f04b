// SPDX-License-Identifier: BSD-3-Clause
// read_mem_stats(): that the sums hold, and that each number moves with what it counts.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "c/callback.h"
#include "c/hold.h"
#include "fixture.hpp"

namespace {

using gangway::mem_stats;
using gangway::read_mem_stats;
using namespace std::chrono_literals;

void expect_sums(const mem_stats& s) {
    EXPECT_EQ(s.goroutines,
              s.goroutines_running + s.goroutines_in_c + s.goroutines_runnable + s.goroutines_waiting);
    EXPECT_LE(s.goroutines, s.goroutines_made);
    EXPECT_LE(s.runnable, s.goroutines_runnable);
    EXPECT_LE(s.ms_idle + s.ms_idle_locked, s.ms);
    EXPECT_LE(s.ps_idle, s.ps);
    EXPECT_LE(s.preemptions, s.parks + s.preemptions);
    EXPECT_LE(s.stack_in_use_bytes + s.stack_cached_bytes, s.stack_reserved_bytes);
    EXPECT_LE(s.stack_resident_bytes, s.stack_reserved_bytes);
    EXPECT_LE(s.heap_in_use_bytes, s.heap_reserved_bytes);
}

// TestMemStats, TestReadMemStats
GOROUTINE_TEST(mem_stats, sums_hold) {
    const mem_stats s = read_mem_stats();
    expect_sums(s);
    EXPECT_EQ(1U, s.goroutines);
    EXPECT_EQ(1U, s.goroutines_running);
    EXPECT_EQ(static_cast<std::uint64_t>(test::ps()), s.ps);
    EXPECT_GE(s.ms, 1U);
    EXPECT_GE(s.stops, 1U);
}

// SchedMetrics
GOROUTINE_TEST(mem_stats, goroutines_by_state) {
    gangway::chan<int> c;
    gangway::wait_group done;
    int here = 0;
    int stop = 0;
    for (int i = 0; i < 5; i++) done.go([c]() mutable { c.recv(); });
    for (int i = 0; i < 2; i++) done.go([&] { gangway::call<&::spin_in_c>(&here, &stop); });
    EXPECT_TRUE(test::yield_until([&] {
        return test::goroutines_in("chan receive") == 5 && __atomic_load_n(&here, __ATOMIC_SEQ_CST) == 2;
    }));
    mem_stats s = read_mem_stats();
    EXPECT_EQ(8U, s.goroutines);
    EXPECT_EQ(5U, s.goroutines_waiting);
    EXPECT_EQ(2U, s.goroutines_in_c);
    EXPECT_EQ(1U, s.goroutines_running);
    expect_sums(s);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    c.close();
    done.wait();
}

GOROUTINE_TEST(mem_stats, runnable_leaves_the_caller_out) {
    gangway::wait_group done;
    std::atomic<std::uint64_t> ran = 0;
    const std::uint64_t before = read_mem_stats().goroutines_made;
    for (int i = 0; i < 100; i++) done.go([&] { ran++; });
    const std::uint64_t ran_before = ran.load();
    const mem_stats s = read_mem_stats();
    const std::uint64_t ran_after = ran.load();
    EXPECT_EQ(before + 100, s.goroutines_made);
    EXPECT_LE(s.runnable, 100 - ran_before);
    EXPECT_GE(s.runnable, 100 - ran_after);
    done.wait();
    EXPECT_TRUE(test::yield_until([] { return gangway::num_goroutine() == 1; }));
    EXPECT_EQ(0U, read_mem_stats().runnable);
}

GOROUTINE_TEST(mem_stats, stacks_in_use_leave_cached_ones_out) {
    const mem_stats before = read_mem_stats();
    gangway::chan<int> c;
    gangway::wait_group done;
    for (int i = 0; i < 1000; i++) done.go([c]() mutable { c.recv(); });
    EXPECT_TRUE(test::yield_until([] { return test::goroutines_in("chan receive") == 1000; }));
    const mem_stats during = read_mem_stats();
    const std::uint64_t each = before.stack_in_use_bytes / before.goroutines;
    EXPECT_EQ(before.stack_in_use_bytes + 1000 * each, during.stack_in_use_bytes);
    EXPECT_GE(during.stack_resident_bytes, 1000U * 4096);
    expect_sums(during);
    c.close();
    done.wait();
    EXPECT_TRUE(test::yield_until([] { return gangway::num_goroutine() == 1; }));
    const mem_stats after = read_mem_stats();
    EXPECT_EQ(before.stack_in_use_bytes, after.stack_in_use_bytes);
    EXPECT_GE(after.stack_cached_bytes, 1000 * each) << "they are kept";
    expect_sums(after);
}

GOROUTINE_TEST(mem_stats, idle_ps) {
    EXPECT_TRUE(
        test::yield_until([] { return read_mem_stats().ps_idle == static_cast<std::uint64_t>(test::ps() - 1); }));
}

GOROUTINE_TEST(mem_stats, timers_channels_and_callbacks) {
    const mem_stats before = read_mem_stats();
    {
        gangway::timer t(1h, [] {});
        gangway::chan<int> c;
        gangway::userdata_callback<int(void*), 0> cb([] { return 0; });
        const mem_stats during = read_mem_stats();
        EXPECT_EQ(before.timers + 1, during.timers);
        EXPECT_EQ(before.channels + 1, during.channels);
        EXPECT_EQ(before.callback_objects + 1, during.callback_objects);
        t.stop();
    }
    const mem_stats after = read_mem_stats();
    EXPECT_EQ(before.timers, after.timers);
    EXPECT_EQ(before.channels, after.channels);
    EXPECT_EQ(before.callback_objects, after.callback_objects);
}

GOROUTINE_TEST(mem_stats, mallocs_own_figures) {
    if (test::under_sanitizer) GTEST_SKIP() << "the sanitizer has a malloc of its own";
    const mem_stats before = read_mem_stats();
    constexpr std::size_t size = 8 << 20;
    void* const room = std::malloc(size);
    asm volatile("" : : "r"(room) : "memory");
    EXPECT_GE(read_mem_stats().heap_in_use_bytes, before.heap_in_use_bytes + size);
    std::free(room);
    EXPECT_LT(read_mem_stats().heap_in_use_bytes, before.heap_in_use_bytes + size);
}

// Beside goroutines that do all that is counted.
GOROUTINE_TEST(mem_stats, sums_hold_beside_others) {
    std::atomic<bool> stop = false;
    gangway::wait_group busy;
    for (int i = 0; i < 4; i++) {
        busy.go([&] {
            while (!stop.load()) {
                gangway::wait_group inner;
                inner.go([] { gangway::sleep_for(10us); });
                inner.wait();
                gangway::gosched();
            }
        });
    }
    for (int i = 0; i < test::sized(300, 50); i++) expect_sums(read_mem_stats());
    stop = true;
    busy.wait();
}

}  // namespace
