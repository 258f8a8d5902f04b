// SPDX-License-Identifier: BSD-3-Clause
// What a callback may do, and what C finds unchanged after it. Callbacks that fail are in callback_exception_test.cpp.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "c/block.h"
#include "c/callback.h"
#include "c/values.h"
#include "counted.hpp"
#include "fixture.hpp"

namespace {

// f as a callback of a C call.
template <class F>
void in_callback(F f) {
    bool ran = false;
    gangway::userdata_callback<void(void*), 0> cb([&] {
        EXPECT_TRUE(gangway::on_goroutine());
        f();
        EXPECT_TRUE(gangway::on_goroutine());
        ran = true;
    });
    EXPECT_EQ(0, gangway::call<&::callback>(cb.fn(), cb.data()));
    EXPECT_TRUE(ran);
}

GOROUTINE_TEST(callback, may_park) {
    gangway::chan<int> ch;
    gangway::go([ch]() mutable { ch.send(5); });
    in_callback([&] { EXPECT_EQ(5, ch.recv()); });
}

GOROUTINE_TEST(callback, may_yield) {
    in_callback([] {
        for (int i = 0; i < 1000; i++) gangway::gosched();
    });
}

GOROUTINE_TEST(callback, may_lock) {
    gangway::mutex m;
    int both = 0;
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([&] {
            in_callback([&] {
                for (int k = 0; k < 100; k++) {
                    std::lock_guard lock(m);
                    ++both;
                    if (k % 10 == 0) gangway::gosched();
                }
            });
        });
    }
    done.wait();
    EXPECT_EQ(1000, both);
}

GOROUTINE_TEST(callback, may_be_locked_over_its_end) {
    in_callback([] { gangway::lock_os_thread(); });
    const std::int64_t thread = gangway::call<&::thread_id>();
    for (int i = 0; i < 20; i++) {
        gangway::gosched();
        EXPECT_EQ(thread, gangway::call<&::thread_id>());
    }
    in_callback([] { gangway::unlock_os_thread(); });
}

GOROUTINE_TEST(callback, may_spawn_and_wait) {
    in_callback([] {
        std::vector<gangway::task<int>> tasks;
        for (int i = 0; i < 50; i++) tasks.push_back(gangway::spawn([i] { return i; }));
        int sum = 0;
        for (auto& t : tasks) sum += t.join();
        EXPECT_EQ(1225, sum);
    });
}

GOROUTINE_TEST(callback, may_call_c) {
    in_callback([] {
        EXPECT_EQ(12L, gangway::call<&::atol>("12"));
        EXPECT_EQ(12L, gangway::leaf_call<&::atol>("12"));
        EXPECT_EQ(12L, gangway::blocking_call<&::atol>("12"));
        in_callback([] { EXPECT_EQ(13L, gangway::call<&::atol>("13")); });
    });
}

GOROUTINE_TEST(callback, may_stop_the_world) {
    in_callback([] {
        gangway::read_mem_stats();
        const int n = gangway::gomaxprocs();
        EXPECT_EQ(n, gangway::gomaxprocs(n + 1));
        EXPECT_EQ(n + 1, gangway::gomaxprocs(n));
    });
}

GOROUTINE_TEST(callback, is_counted) {
    const std::uint64_t before = gangway::read_mem_stats().callbacks;
    for (int i = 0; i < 7; i++) in_callback([] {});
    EXPECT_EQ(before + 7, gangway::read_mem_stats().callbacks);
}

// While one goroutine's callback waits, the others go on, though there may be one p and C's frames hold a thread each.
GOROUTINE_TEST(callback, parked_ones_do_not_stop_others) {
    gangway::chan<int> release;
    gangway::wait_group parked;
    gangway::wait_group done;
    const int n = 20;
    parked.add(n);
    for (int i = 0; i < n; i++) {
        done.go([&] {
            in_callback([&] {
                parked.done();
                release.recv();
            });
        });
    }
    parked.wait();
    int progress = 0;
    for (int i = 0; i < 1000; i++) progress += gangway::spawn([] { return 1; }).join();
    EXPECT_EQ(1000, progress);
    release.close();
    done.wait();
}

GOROUTINE_TEST(callback, same_goroutine_and_thread_as_the_call) {
    gangway::wait_group done;
    for (int i = 0; i < 8; i++) {
        done.go([] {
            const std::uint64_t me = gangway::goid();
            gangway::userdata_callback<void(void*), 0> cb([me] {
                const std::int64_t thread = ::thread_id();
                for (int k = 0; k < 20; k++) {
                    EXPECT_EQ(me, gangway::goid());
                    gangway::gosched();
                    EXPECT_EQ(thread, ::thread_id());
                }
            });
            for (int k = 0; k < test::sized(100); k++) {
                EXPECT_EQ(1, gangway::call<&::same_thread_across>(cb.fn(), cb.data()));
            }
        });
    }
    done.wait();
}

GOROUTINE_TEST(callback, errno_is_cs_own) {
    gangway::userdata_callback<void(void*), 0> cb([] {
        errno = EIO;
        gangway::gosched();
        gangway::call_errno<&::strtol>("1", nullptr, 123);
        errno = EIO;
    });
    EXPECT_EQ(ENOTTY, gangway::call<&::errno_across>(cb.fn(), cb.data(), ENOTTY));
    EXPECT_EQ(0, gangway::call<&::errno_across>(cb.fn(), cb.data(), 0));
    gangway::userdata_callback<void(void*), 0> fails([] {
        errno = EIO;
        throw 1;
    });
    int seen = 0;
    EXPECT_THROW(gangway::call([&] { seen = ::errno_across(fails.fn(), fails.data(), ENOTTY); }), int);
    EXPECT_EQ(ENOTTY, seen);
}

std::int64_t square(std::int64_t i) {
    return i * i;
}

GOROUTINE_TEST(exported, many_in_one_call) {
    const std::int64_t n = test::sized(100'000);
    EXPECT_EQ((n - 1) * n * (2 * n - 1) / 6, gangway::call<&::sum_of>(gangway::exported<&square>, n));
}

int compare_ints(const void* a, const void* b) {
    const int x = *static_cast<const int*>(a);
    const int y = *static_cast<const int*>(b);
    if (x % 64 == 0) gangway::gosched();
    return x < y ? -1 : x > y;
}

GOROUTINE_TEST(exported, qsort_with_a_comparator_that_yields) {
    std::vector<int> v(1000);
    std::iota(v.begin(), v.end(), 0);
    std::uint32_t random = 1;
    for (std::size_t i = v.size(); i > 1; i--) {
        random = random * 1664525 + 1013904223;
        std::swap(v[i - 1], v[random % i]);
    }
    gangway::call<&::qsort>(v.data(), v.size(), sizeof v[0], gangway::exported<&compare_ints>);
    EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
    const int key = 77;
    void* found = gangway::call<static_cast<void* (*)(const void*, const void*, std::size_t, std::size_t,
                                                      int (*)(const void*, const void*))>(&::bsearch)>(
        &key, v.data(), v.size(), sizeof v[0], gangway::exported<&compare_ints>);
    EXPECT_EQ(&v[77], found);
}

std::uint64_t goid_of_callee(std::int64_t) {
    return gangway::goid();
}
std::int64_t add_goid(std::int64_t i) {
    return static_cast<std::int64_t>(goid_of_callee(i));
}

// Its pointer is a function like any other where no C call is under way.
GOROUTINE_TEST(exported, called_from_goroutine_code) {
    const std::uint64_t callbacks = gangway::read_mem_stats().callbacks;
    EXPECT_EQ(49, gangway::exported<&square>(7));
    EXPECT_EQ(static_cast<std::int64_t>(gangway::goid()), gangway::exported<&add_goid>(0));
    EXPECT_EQ(callbacks, gangway::read_mem_stats().callbacks);
}

TEST(exported, called_off_a_goroutine) {
    auto plain = [] {
        EXPECT_EQ(49, gangway::exported<&square>(7));
        EXPECT_EQ(285, gangway::call<&::sum_of>(gangway::exported<&square>, 10));
    };
    plain();
    std::thread(plain).join();
    test::run_and_check([] {});
    plain();
}

GOROUTINE_TEST(userdata_callback, in_the_middle_of_the_parameters) {
    gangway::userdata_callback<double(int, void*, double, const char*), 1> cb([](int a, double b, const char* c) {
        gangway::gosched();
        return a + b + c[0];
    });
    EXPECT_EQ(1.0 + 2.5 + 'x', gangway::call([&] { return cb.fn()(1, cb.data(), 2.5, "x"); }));
    gangway::userdata_callback<int(int, const void*), 1> last([](int a) { return -a; });
    EXPECT_EQ(-8, gangway::call([&] { return last.fn()(8, last.data()); }));
}

GOROUTINE_TEST(userdata_callback, structs_both_ways) {
    gangway::userdata_callback<spread(void*, floats3, with_long_double, bytes33), 0> cb(
        [](floats3 f, with_long_double l, bytes33 b) {
            return spread{f.a + f.c, static_cast<double>(l.b), b.b[32]};
        });
    bytes33 b{};
    b.b[32] = 9;
    const spread got = gangway::call([&] { return cb.fn()(cb.data(), {1, 2, 3}, {4, 5.5L, 6}, b); });
    EXPECT_EQ(4.0F, got.a);
    EXPECT_EQ(5.5, got.b);
    EXPECT_EQ(9, got.c);
}

GOROUTINE_TEST(userdata_callback, moved_keeps_its_data) {
    auto owner = std::make_unique<int>(41);
    gangway::userdata_callback<int(void*), 0> first([owner = std::move(owner)] { return ++*owner; });
    void* data = first.data();
    gangway::userdata_callback<int(void*), 0> second = std::move(first);
    EXPECT_EQ(data, second.data());
    EXPECT_EQ(42, gangway::call<&::result_of>(second.fn(), data));
    std::vector<gangway::userdata_callback<int(void*), 0>> many;
    many.push_back(std::move(second));
    many.reserve(100);
    EXPECT_EQ(43, gangway::call<&::result_of>(many[0].fn(), data));
}

GOROUTINE_TEST(userdata_callback, destroys_what_it_holds) {
    {
        gangway::userdata_callback<void(void*), 0> cb([c = test::counted(1)] { EXPECT_EQ(1, c.value); });
        gangway::call([&] { cb.fn()(cb.data()); });
        EXPECT_EQ(1, test::counted::alive);
    }
    EXPECT_EQ(0, test::counted::alive);
}

GOROUTINE_TEST(userdata_callback, results_are_destroyed_once) {
    {
        gangway::userdata_callback<test::counted(void*, test::counted), 0> cb(
            [](test::counted c) { return test::counted(c.value + 1); });
        const int on_error = test::counted::alive;
        for (int i = 0; i < 50; i++) {
            EXPECT_EQ(i + 1, gangway::call([&] { return cb.fn()(cb.data(), test::counted(i)).value; }));
            EXPECT_EQ(on_error, test::counted::alive);
        }
    }
    EXPECT_EQ(0, test::counted::alive);
}

TEST(userdata_callback, off_a_goroutine) {
    gangway::userdata_callback<int(void*), 0> cb([] { return 4; });
    EXPECT_EQ(4, ::result_of(cb.fn(), cb.data()));
    std::thread([&] { EXPECT_EQ(4, ::result_of(cb.fn(), cb.data())); }).join();
}

// C calls back from a call that is known to block: the p was given away and must be got again.
GOROUTINE_TEST(callback, from_a_blocking_call) {
    int ran = 0;
    gangway::userdata_callback<int(void*), 0> cb([&] {
        gangway::gosched();
        return ++ran;
    });
    for (int i = 1; i <= 100; i++) {
        ASSERT_EQ(i, gangway::blocking_call<&::result_of>(cb.fn(), cb.data()));
    }
}

// The p of a call that takes long is taken from it; the callback after that finds another.
GOROUTINE_TEST(callback, after_the_p_was_retaken) {
    gate* g = ::gate_new();
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([g, i] {
            int back = 0;
            gangway::userdata_callback<int(void*), 0> cb([i] {
                gangway::gosched();
                return i;
            });
            gangway::call([&] {
                ::gate_wait(g, 0);
                back = cb.fn()(cb.data());
            });
            EXPECT_EQ(i, back);
        });
    }
    ASSERT_TRUE(test::yield_until([g] { return ::gate_waiting(g) == 10; }));
    ::gate_open(g);
    done.wait();
    ::gate_free(g);
}

// A callback that calls C moves where the next callback's frames go, and must put that back: else each of many in one
// call would start a little lower on the goroutine's stack.
GOROUTINE_TEST(callback, many_in_one_call_that_call_c_use_no_more_stack) {
    constexpr int n = test::under_sanitizer ? 2'000 : 20'000;
    int called = 0;
    gangway::userdata_callback<int(void*), 0> cb([&] {
        called += gangway::call<&::atoi>("1");
        return 0;
    });
    gangway::call([&] {
        for (int i = 0; i < n; i++) cb.fn()(cb.data());
    });
    EXPECT_EQ(n, called);
}

}  // namespace
