// SPDX-License-Identifier: BSD-3-Clause
// The world stopped and started: who goes on where, from where it may be stopped, and at what moments.
#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "c/block.h"
#include "c/callback.h"
#include "c/foreign.h"
#include "c/hold.h"
#include "fixture.hpp"
#include "preempt/preemptible.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace {

using gangway::read_mem_stats;

// The m and the p that the caller is on.
std::uint64_t place() {
    const gangway::runtime::m* mp = gangway::runtime::getm();
    return mp->id << 16 | static_cast<std::uint64_t>(mp->p->id);
}

// How often the system took a thread of this process off its core.
long taken_off() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

// How many of 50 stops a goroutine that computes and the one that stops the world both come out of where they were. Only
// stops that the system left alone are counted: a thread that it takes off its core loses its p by right.
int stops_without_a_move(int& counted) {
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> at{0};
    std::atomic<std::uint64_t> rounds{0};
    gangway::wait_group done;
    done.go([&] {
        for (; !stop; ++rounds) {
            at = place();
            preemptible::touch();
        }
    });
    // Without a yield, which would let it in on this p.
    auto let_it_run = [&] {
        const std::uint64_t before = rounds;
        while (rounds < before + 2) gangway::preempt_point();
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    int same = 0;
    for (counted = 0; counted < 50 && std::chrono::steady_clock::now() < deadline;) {
        const long before = taken_off();
        let_it_run();
        const std::uint64_t its = at;
        const std::uint64_t mine = place();
        read_mem_stats();
        const bool stayed = place() == mine;
        let_it_run();
        if (taken_off() != before) continue;
        counted++;
        if (stayed && at == its) same++;
    }
    stop = true;
    done.wait();
    return same;
}

// TestTraceSTW: at least 75 % of 50, or of as many as there are where others use the CPUs.
TEST(stw, TestTraceSTW) {
    test::run_and_check(test::with_ps(2), [] {
        int counted = 0;
        const int same = stops_without_a_move(counted);
        if (counted < 10) GTEST_SKIP() << "others take the CPUs from it at nearly every stop";
        EXPECT_GE(4 * same, 3 * counted);
    });
}

// conc039: the world is stopped from callbacks of others just as the main goroutine ends.
TEST(stw, conc039) {
    for (int i = 0; i < test::sized(200); i++) {
        std::atomic<int> ended{0};
        gangway::run(test::with_ps(test::ps()), [&] {
            std::atomic<int> inside{0};
            for (int k = 0; k < 3; k++) {
                gangway::go([&ended, k, &inside] {
                    gangway::userdata_callback<void(void*), 0> cb([&] {
                        ++inside;  // the last that it has to do with the main goroutine
                        for (int n = 0; n <= k; n++) read_mem_stats();
                    });
                    gangway::call<&::callback>(cb.fn(), cb.data());
                    ++ended;
                });
            }
            EXPECT_TRUE(test::yield_until([&] { return inside == 3; }));
        });
        // They outlive run(), and end by themselves.
        gangway::run(test::with_ps(test::ps()),
                     [&] { EXPECT_TRUE(test::yield_until([&] { return ended == 3; })); });
    }
}

// performGC: stop after stop against workers that are busy in each way there is.
GOROUTINE_TEST(stw, performGC) {
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> rounds{0};
    gangway::wait_group done;
    gangway::chan<int> c;
    const auto worker = [&](auto step) {
        done.go([&stop, &rounds, step]() mutable {
            for (; !stop; ++rounds) step();
        });
    };
    worker([] { EXPECT_EQ(4, preemptible::queens(6)); });
    worker([] { gangway::call([] {}); });
    worker([] { gangway::blocking_call([] {}); });
    worker([c]() mutable {
        int v = 1;
        c.try_send(v);
        gangway::gosched();
    });
    worker([c]() mutable {
        std::optional<int> v;
        c.try_recv(v);
        gangway::gosched();
    });
    const int stops = test::sized(500);
    for (int i = 0; i < stops; i++) {
        read_mem_stats();
        if (i % 8 == 0) {
            const std::uint64_t before = rounds;
            EXPECT_TRUE(test::yield_until([&] { return rounds != before; }));
        }
    }
    stop = true;
    done.wait();
}

// NotInGoMetricCgoCall: those that spin in C are counted as in C, also when a stop has taken their ps.
GOROUTINE_TEST(not_in_go, NotInGoMetricCgoCall) {
    constexpr int n = 10;
    int here = 0;
    int stop = 0;
    gangway::wait_group done;
    for (int i = 0; i < n; i++) done.go([&] { gangway::call<&::spin_in_c>(&here, &stop); });
    EXPECT_TRUE(test::yield_until([&] { return __atomic_load_n(&here, __ATOMIC_SEQ_CST) == n; }));
    for (int i = 0; i < 3; i++) EXPECT_EQ(static_cast<std::uint64_t>(n), read_mem_stats().goroutines_in_c);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    done.wait();
    EXPECT_EQ(0U, read_mem_stats().goroutines_in_c);
}

// CgoCallback: C threads that called in and are gone count nowhere.
GOROUTINE_TEST(not_in_go, CgoCallback) {
    const gangway::mem_stats before = read_mem_stats();
    std::atomic<int> called{0};
    gangway::userdata_callback<void(void*), 0> cb([&] { ++called; });
    gangway::call<&::on_threads>(10, 0UL, 1, cb.fn(), cb.data());
    EXPECT_EQ(10, called);
    const gangway::mem_stats after = read_mem_stats();
    EXPECT_EQ(10U, after.foreign_callbacks - before.foreign_callbacks);
    EXPECT_EQ(0U, after.extra_ms_in_use);
    EXPECT_EQ(before.goroutines, after.goroutines);
    EXPECT_EQ(0U, after.goroutines_in_c);
}

// CgoCallAndCallback: ten that are parked in callbacks wait; only the ten in C are there.
GOROUTINE_TEST(not_in_go, CgoCallAndCallback) {
    constexpr int n = 10;
    gate* g = ::gate_new();
    gangway::chan<int> c;
    gangway::wait_group done;
    for (int i = 0; i < n; i++) {
        done.go([g] { gangway::call<&::gate_wait>(g, 1); });
        done.go([c]() mutable {
            gangway::userdata_callback<void(void*), 0> cb([&] { c.recv(); });
            gangway::call<&::callback>(cb.fn(), cb.data());
        });
    }
    EXPECT_TRUE(
        test::yield_until([&] { return ::gate_waiting(g) == n && test::goroutines_in("chan receive") == n; }));
    const gangway::mem_stats s = read_mem_stats();
    EXPECT_EQ(static_cast<std::uint64_t>(n), s.goroutines_in_c);
    EXPECT_EQ(static_cast<std::uint64_t>(n), s.goroutines_waiting);
    ::gate_open(g);
    c.close();
    done.wait();
    ::gate_free(g);
}

// UpdateGOMAXPROCS: the CPUs that the thread may use say how many ps there are, but where the program does.
TEST(gomaxprocs, follows_the_affinity_mask_where_nothing_is_said) {
    if (std::getenv("GANGWAY_MAXPROCS") == nullptr) GTEST_SKIP() << "needs GANGWAY_MAXPROCS as ctest sets it";
    std::thread([] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(::sched_getcpu(), &one);
        ASSERT_EQ(0, ::sched_setaffinity(0, sizeof one, &one));
        EXPECT_EQ(1, gangway::num_cpu());
        EXPECT_EQ(5, gangway::run(test::with_ps(5), [] { return gangway::gomaxprocs(); }));
        EXPECT_EQ(test::ps(), gangway::run(gangway::options{}, [] { return gangway::gomaxprocs(); }));
    }).join();
}

}  // namespace
