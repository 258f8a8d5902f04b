// SPDX-License-Identifier: BSD-3-Clause
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

using gangway::spawn;
using gangway::task;

static_assert(!std::is_copy_constructible_v<task<int>> && !std::is_copy_assignable_v<task<int>>);
static_assert(std::is_nothrow_move_constructible_v<task<int>>);

GOROUTINE_TEST(task, join_gives_the_result) {
    EXPECT_EQ(3, spawn([] { return 3; }).join());
    EXPECT_EQ(5, spawn([](int a, int b) { return a + b; }, 2, 3).join());
    EXPECT_EQ(6, *spawn([] { return std::make_unique<int>(6); }).join());
    EXPECT_EQ("text", spawn([](std::string s) { return s; }, "text").join());
    int x = 0;
    EXPECT_EQ(&x, &spawn([&]() -> int& { return x; }).join());
    static_assert(std::is_void_v<decltype(spawn([] {}).join())>);
    spawn([] {}).join();
}

GOROUTINE_TEST(task, join_waits) {
    gangway::chan<int> release;
    std::atomic<bool> ended{false};
    auto t = spawn([&, release]() mutable {
        release.recv();
        ended = true;
        return 1;
    });
    gangway::go([release]() mutable { release.send(0); });
    EXPECT_EQ(1, t.join());
    EXPECT_TRUE(ended);
}

GOROUTINE_TEST(task, join_throws_the_exception) {
    auto t = spawn([]() -> int { throw std::runtime_error("in the task"); });
    try {
        t.join();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("in the task", e.what());
    }
}

GOROUTINE_TEST(task, join_after_goexit_is_an_error_that_says_so) {
    auto t = spawn([]() -> int { gangway::goexit(); });
    try {
        t.join();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string::npos, std::string(e.what()).find("goexit")) << e.what();
    }
}

GOROUTINE_TEST(task, join_twice_is_an_error) {
    auto t = spawn([] { return 1; });
    EXPECT_TRUE(t.joinable());
    t.join();
    EXPECT_FALSE(t.joinable());
    EXPECT_THROW(t.join(), std::logic_error);
    EXPECT_THROW(task<int>().join(), std::logic_error);
}

GOROUTINE_TEST(task, moves) {
    auto a = spawn([] { return 1; });
    auto b = std::move(a);
    EXPECT_FALSE(a.joinable());  // NOLINT: a moved-from task has no goroutine
    EXPECT_EQ(1, b.join());
    std::vector<task<int>> many;
    for (int i = 0; i < 100; i++) many.push_back(spawn([i] { return i; }));
    int sum = 0;
    for (auto& t : many) sum += t.join();
    EXPECT_EQ(4950, sum);
}

GOROUTINE_TEST(task, the_destructor_joins_and_drops_an_exception) {
    std::atomic<int> ended{0};
    {
        auto t = spawn([&] {
            for (int i = 0; i < 10; i++) gangway::gosched();
            ++ended;
        });
    }
    EXPECT_EQ(1, ended);
    {
        auto t = spawn([] { throw 1; });
    }
    {
        auto t = spawn([&] { ++ended; });
        t = spawn([&] { ++ended; });  // the first is joined
        EXPECT_GE(ended, 2);
    }
    EXPECT_EQ(3, ended);
}

GOROUTINE_TEST(task, results_and_arguments_are_destroyed_once) {
    using test::counted;
    for (int i = 0; i < 50; i++) {
        EXPECT_EQ(i, spawn([](counted c) { return c; }, counted(i)).join().value);
        {
            auto dropped = spawn([i] { return counted(i); });
        }
    }
    EXPECT_TRUE(test::yield_until([] { return counted::alive == 0; }));
}

int fib(int n) {
    if (n < 2) return n;
    auto left = spawn([n] { return fib(n - 1); });
    return fib(n - 2) + left.join();
}

GOROUTINE_TEST(task, recursive) {
    EXPECT_EQ(test::under_sanitizer ? 144 : 987, fib(test::under_sanitizer ? 12 : 16));
}

}  // namespace
