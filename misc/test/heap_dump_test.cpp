// SPDX-License-Identifier: BSD-3-Clause
// write_heap_dump(): everything that the runtime has, as docs/heap_dump.md says.
#include "heap_dump.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "c/block.h"
#include "c/callback.h"
#include "c/hold.h"
#include "fixture.hpp"

namespace {

using test::find;
using test::json;
using test::of_type;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

std::vector<json> dump() {
    return test::parse_lines(test::heap_dump_text());
}

std::string address_of(const void* p) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%lx", reinterpret_cast<unsigned long>(p));
    return text;
}

// TestWriteHeapDumpNonempty
GOROUTINE_TEST(heap_dump, begins_with_a_header) {
    const auto lines = dump();
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ("dump", lines[0]["type"]);
    EXPECT_EQ(1, lines[0]["version"]);
    EXPECT_EQ(getpid(), lines[0]["pid"]);
    EXPECT_EQ(gangway::goid(), lines[0]["goroutine"]);
    EXPECT_EQ(1U, of_type(lines, "mem_stats").size());
    EXPECT_EQ(1U, of_type(lines, "run_queue").size());
    EXPECT_EQ(static_cast<std::size_t>(test::ps()), of_type(lines, "p").size());
    std::set<std::string> types;
    for (const json& line : lines) types.insert(line["type"]);
    for (const std::string& type : types) {
        EXPECT_TRUE(type == "dump" || type == "mem_stats" || type == "g" || type == "m" || type == "p" ||
                    type == "run_queue" || type == "lock_waiter" || type == "channel" || type == "timer" ||
                    type == "callback")
            << type << " is not documented";
    }
}

GOROUTINE_TEST(heap_dump, has_the_caller_and_its_thread) {
    const auto lines = dump();
    const json g = find(lines, "g", "id", gangway::goid());
    ASSERT_TRUE(g.is_object());
    EXPECT_EQ("running", g["state"]);
    const std::uint64_t lo = std::stoull(g["stack_lo"].get<std::string>(), nullptr, 16);
    const std::uint64_t hi = std::stoull(g["stack_hi"].get<std::string>(), nullptr, 16);
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#if !defined(GANGWAY_ASAN)
    EXPECT_LT(lo, here);
    EXPECT_GT(hi, here);
#endif
    EXPECT_LT(lo, hi);
    const json m = find(lines, "m", "g", gangway::goid());
    ASSERT_TRUE(m.is_object());
    EXPECT_EQ(m["id"], g["m"]);
    EXPECT_GT(m["tid"], 0);
}

GOROUTINE_TEST(heap_dump, has_channels_with_what_is_in_them_and_who_waits) {
    gangway::chan<std::int64_t> full(3);
    full.send(1);
    full.send(2);
    full.send(3);
    gangway::chan<char> waited_for;
    gangway::chan<char> closed(7);
    closed.close();
    gangway::wait_group done;
    std::atomic<std::uint64_t> sender = 0, receiver = 0;
    done.go([&] {
        sender = gangway::goid();
        full.send(4);
    });
    done.go([&] {
        receiver = gangway::goid();
        waited_for.recv();
    });
    EXPECT_TRUE(test::yield_until(
        [] { return test::goroutines_in("chan send") == 1 && test::goroutines_in("chan receive") == 1; }));
    const auto lines = dump();
    const json f = find(lines, "channel", "senders", std::vector<std::uint64_t>{sender.load()});
    ASSERT_TRUE(f.is_object());
    EXPECT_EQ(3, f["capacity"]);
    EXPECT_EQ(3, f["length"]);
    EXPECT_EQ(8, f["element_size"]);
    EXPECT_EQ(false, f["closed"]);
    EXPECT_TRUE(f["receivers"].empty());
    const json w = find(lines, "channel", "receivers", std::vector<std::uint64_t>{receiver.load()});
    ASSERT_TRUE(w.is_object());
    EXPECT_EQ(0, w["capacity"]);
    EXPECT_EQ(1, w["element_size"]);
    const json c = find(lines, "channel", "capacity", 7);
    ASSERT_TRUE(c.is_object());
    EXPECT_EQ(true, c["closed"]);
    const json g = find(lines, "g", "id", sender.load());
    EXPECT_EQ("waiting", g["state"]);
    EXPECT_EQ("chan send", g["wait_reason"]);
    EXPECT_LT(g["waiting_ns"], 60'000'000'000);
    waited_for.close();
    full.recv();
    done.wait();
}

GOROUTINE_TEST(heap_dump, channels_come_and_go) {
    const std::size_t before = of_type(dump(), "channel").size();
    {
        std::vector<gangway::chan<int>> many(500);
        EXPECT_EQ(before + 500, of_type(dump(), "channel").size());
    }
    EXPECT_EQ(before, of_type(dump(), "channel").size());
}

GOROUTINE_TEST(heap_dump, has_lock_waiters) {
    gangway::mutex m;
    m.lock();
    gangway::wait_group done;
    constexpr std::size_t n = 20;
    for (std::size_t i = 0; i < n; i++) {
        done.go([&] {
            m.lock();
            m.unlock();
        });
    }
    EXPECT_TRUE(test::yield_until([] { return test::goroutines_in("mutex lock") == static_cast<int>(n); }));
    const auto waiters = of_type(dump(), "lock_waiter");
    EXPECT_EQ(n, waiters.size());
    std::set<std::uint64_t> ids;
    for (const json& w : waiters) {
        ids.insert(w["g"].get<std::uint64_t>());
        EXPECT_EQ("mutex lock", w["reason"]);
        EXPECT_EQ(waiters[0]["address"], w["address"]);
    }
    EXPECT_EQ(n, ids.size());
    m.unlock();
    done.wait();
}

GOROUTINE_TEST(heap_dump, has_timers) {
    const std::size_t before = of_type(dump(), "timer").size();
    gangway::timer once(1h, [] {});
    gangway::ticker often(30min);
    const auto timers = of_type(dump(), "timer");
    EXPECT_EQ(before + 2, timers.size());
    int found = 0;
    for (const json& t : timers) {
        if (t["period_ns"] == std::chrono::nanoseconds(30min).count()) {
            EXPECT_GT(t["in_ns"], std::chrono::nanoseconds(20min).count());
            EXPECT_LE(t["in_ns"], std::chrono::nanoseconds(30min).count());
            found++;
        }
    }
    EXPECT_EQ(1, found);
    once.stop();
    often.stop();
    EXPECT_EQ(before, of_type(dump(), "timer").size());
}

GOROUTINE_TEST(heap_dump, has_callbacks) {
    gangway::userdata_callback<int(void*), 0> cb([] { return 0; });
    const auto lines = dump();
    EXPECT_TRUE(find(lines, "callback", "data", address_of(cb.data())).is_object());
    const std::size_t n = of_type(lines, "callback").size();
    {
        gangway::userdata_callback<int(void*), 0> another([] { return 0; });
        EXPECT_EQ(n + 1, of_type(dump(), "callback").size());
    }
    EXPECT_EQ(n, of_type(dump(), "callback").size());
}

std::string seen_in_callback;

int dumps(void*) {
    seen_in_callback = test::heap_dump_text();
    return 1;
}

GOROUTINE_TEST(heap_dump, has_goroutines_that_share_a_thread) {
    gangway::pinned_thread t;
    gangway::chan<int> gate, inside;
    const std::uint64_t there = t.run([] { return gangway::mid(); });
    t.go([gate, inside]() mutable {
        gangway::os_thread_lock alone;
        inside.send(1);
        gate.recv();
    });
    inside.recv();
    t.go([] {});
    t.go([] {});
    EXPECT_TRUE(test::until_parked(1, "chan receive"));
    const auto lines = test::parse_lines(test::heap_dump_text());
    gate.send(1);
    const json m = find(lines, "m", "id", there);
    ASSERT_FALSE(m.is_null());
    EXPECT_EQ(4, m["bound"]);  // the worker, the one that is alone, two
    ASSERT_EQ(2U, m["runnable"].size());
    for (const json& id : m["runnable"]) {
        const json g = find(lines, "g", "id", id.get<std::uint64_t>());
        EXPECT_EQ("runnable", g["state"]);
        EXPECT_EQ(there, g["locked_m"]);
    }
}

GOROUTINE_TEST(heap_dump, inside_a_callback) {
    EXPECT_EQ(3, gangway::call<&::outer_in_c>(gangway::exported<&dumps>, nullptr));
    const auto lines = test::parse_lines(seen_in_callback);
    const json m = find(lines, "m", "locked_g", gangway::goid());
    ASSERT_TRUE(m.is_object());
    EXPECT_EQ(1, m["callback_depth"]);
    const json g = find(lines, "g", "id", gangway::goid());
    EXPECT_EQ(m["id"], g["locked_m"]);
}

GOROUTINE_TEST(heap_dump, has_who_is_in_c) {
    int here = 0;
    int stop = 0;
    gangway::wait_group done;
    std::atomic<std::uint64_t> id = 0;
    done.go([&] {
        id = gangway::goid();
        gangway::call<&::spin_in_c>(&here, &stop);
    });
    ASSERT_TRUE(test::yield_until([&] { return __atomic_load_n(&here, __ATOMIC_SEQ_CST) == 1; }));
    const auto lines = dump();
    EXPECT_EQ("syscall", find(lines, "g", "id", id.load())["state"]);
    EXPECT_EQ(true, find(lines, "m", "g", id.load())["in_c"]);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    done.wait();
}

GOROUTINE_TEST(heap_dump, to_a_pipe_whose_reader_is_a_goroutine) {
    std::vector<gangway::chan<int>> many(2000);  // more text than a pipe holds
    std::array<int, 2> fds{};
    ASSERT_EQ(0, ::pipe2(fds.data(), O_CLOEXEC));
    gangway::wait_group done;
    std::string text;
    done.go([&] {
        std::array<char, 4096> part{};
        for (;;) {
            const ssize_t n = gangway::call<&::read>(fds[0], part.data(), part.size());
            if (n <= 0) break;
            text.append(part.data(), static_cast<std::size_t>(n));
        }
    });
    gangway::write_heap_dump(fds[1]);
    ::close(fds[1]);
    done.wait();
    ::close(fds[0]);
    EXPECT_GT(text.size(), 65536U);
    EXPECT_GE(of_type(test::parse_lines(text), "channel").size(), 2000U);
}

GOROUTINE_TEST(heap_dump, bad_descriptor_throws) {
    EXPECT_THROW(gangway::write_heap_dump(-1), std::system_error);
}

TEST(heap_dump, on_a_thread_that_is_not_the_runtimes) {
    gangway::run(test::with_ps(test::ps()), [] {});
    EXPECT_FALSE(of_type(dump(), "p").empty());
}

// mem_stats are counted from queues and threads, the rest of a dump walks over the goroutines: one must be the other.
GOROUTINE_TEST(heap_dump, counts_are_of_what_is_there) {
    std::atomic<bool> stop = false;
    int in_c = 0;
    int c_may_go_on = 0;
    gangway::chan<int> never;
    gangway::wait_group busy;
    for (int i = 0; i < 2; i++) busy.go([&] { gangway::call<&::spin_in_c>(&in_c, &c_may_go_on); });
    for (int i = 0; i < 3; i++) busy.go([never]() mutable { never.recv(); });
    for (int i = 0; i < 6; i++) {
        busy.go([&, i] {
            if (i % 2 == 0) gangway::lock_os_thread();
            while (!stop.load()) {
                gangway::chan<int> c;
                gangway::go([c]() mutable { c.send(1); });
                c.recv();
                gangway::gosched();
            }
        });
        busy.go([&] {
            while (!stop.load()) gangway::preempt_point();
        });
    }
    EXPECT_TRUE(test::yield_until([&] { return __atomic_load_n(&in_c, __ATOMIC_SEQ_CST) == 2; }));
    for (int i = 0; i < test::sized(50, 10); i++) {
        const auto lines = dump();
        std::map<std::string, int> seen;
        for (const json& g : of_type(lines, "g")) seen[g["state"]]++;
        const json counted = of_type(lines, "mem_stats").at(0);
        EXPECT_EQ(counted["goroutines_running"], seen["running"]);
        EXPECT_EQ(counted["goroutines_in_c"], seen["syscall"]);
        EXPECT_EQ(counted["goroutines_runnable"], seen["runnable"]);
        EXPECT_EQ(counted["goroutines_waiting"], seen["waiting"]);
        EXPECT_EQ(counted["channels"], of_type(lines, "channel").size());
    }
    stop = true;
    __atomic_store_n(&c_may_go_on, 1, __ATOMIC_SEQ_CST);
    never.close();
    busy.wait();
}

// Objects come and go on threads that no stop-the-world stops.
GOROUTINE_TEST(heap_dump, beside_c_that_makes_and_destroys) {
    std::atomic<bool> stop = false;
    gangway::wait_group busy;
    for (int i = 0; i < 3; i++) {
        busy.go([&] {
            gangway::call([&] {
                while (!stop.load()) {
                    gangway::chan<int> c(2);
                    int one = 1;
                    c.try_send(one);
                    gangway::userdata_callback<int(void*), 0> cb([] { return 0; });
                }
            });
        });
    }
    for (int i = 0; i < test::sized(100, 20); i++) dump();
    stop = true;
    busy.wait();
}

}  // namespace
