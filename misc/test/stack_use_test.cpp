// SPDX-License-Identifier: BSD-3-Clause
// Goroutines' stacks, used at all depths and again and again.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "c/callback.h"
#include "fixture.hpp"

namespace {

// f(arg) with so many more frames of some 100 bytes in use.
__attribute__((noinline)) int deeper(int frames, void (*f)(void*), void* arg) {
    volatile char frame[64];
    frame[0] = 1;
    if (frames == 0) {
        f(arg);
        return frame[0];
    }
    return deeper(frames - 1, f, arg) + frame[0];
}

// TestStackGrowthCallback: what the runtime and the library do on a goroutine's stack, at any depth of it.
GOROUTINE_TEST(stack_use, TestStackGrowthCallback) {
    constexpr int depths = test::under_sanitizer ? 128 : 1024;
    for (int depth = 0; depth < depths; depth++) {
        gangway::chan<int> c(1);
        std::map<int, std::string> some;
        auto all = [&] {
            c.send(depth);
            EXPECT_EQ(depth, c.recv());
            some[depth] = "at " + std::to_string(depth);
            gangway::spawn([&] { EXPECT_EQ(1U, some.size()); }).join();
            gangway::userdata_callback<int(void*), 0> cb([&] { return depth; });
            EXPECT_EQ(depth, gangway::call<&::result_of>(cb.fn(), cb.data()));
        };
        EXPECT_EQ(depth + 1, deeper(
                                 depth, [](void* f) { (*static_cast<decltype(all)*>(f))(); }, &all));
    }
}

__attribute__((noinline)) bool fill(std::size_t size, std::uint8_t with) {
    const auto room = static_cast<volatile std::uint8_t*>(__builtin_alloca(size));
    for (std::size_t i = 0; i < size; i += 256) room[i] = with;
    gangway::gosched();
    for (std::size_t i = 0; i < size; i += 256) {
        if (room[i] != with) return false;
    }
    return true;
}

// TestStackCache: stacks that others have used are used again, each time to another depth.
GOROUTINE_TEST(stack_use, TestStackCache) {
    for (int round = 0; round < 4; round++) {
        gangway::wait_group all;
        for (int i = 0; i < 200; i++) {
            all.go([i] {
                for (std::size_t size = 1 << 10; size <= 64 << 10; size *= 2) {
                    EXPECT_TRUE(fill(size, static_cast<std::uint8_t>(i)));
                }
            });
        }
        all.wait();
    }
}

// test/peano: numbers as chains, and recursion over them.
struct number {
    number* before;
};

number* add(number* a, number* b) {
    if (b == nullptr) return a;
    return new number{add(a, b->before)};
}

number* times(number* a, number* b) {
    if (b == nullptr) return nullptr;
    number* rest = times(a, b->before);
    return add(rest, a);
}

int value(const number* n) {
    return n == nullptr ? 0 : value(n->before) + 1;
}

number* factorial(number* n) {
    if (n == nullptr) return new number{nullptr};
    return times(n, factorial(n->before));
}

TEST(stack_use, peano) {
    if (test::under_sanitizer) GTEST_SKIP() << "its frames are larger, and what it drops are leaks";
    gangway::options deep = test::with_ps(test::ps());
    deep.stack_size = 256 << 20;
    test::run_and_check(deep, [] {
        gangway::spawn([] {
            number* nine = nullptr;
            for (int i = 0; i < 9; i++) nine = new number{nine};
            EXPECT_EQ(362'880, value(factorial(nine)));
        }).join();
    });
}

__attribute__((noinline)) bool is_aligned(const volatile void* at) {
    return reinterpret_cast<std::uintptr_t>(at) % 64 == 0;
}

// StackAlignment, test_fp, test_exception: at a goroutine's first instruction, and in a callback's.
void aligned_floating_and_throwing() {
    alignas(16) volatile double at_entry[2] = {1.5, 2.5};
    EXPECT_EQ(0U, reinterpret_cast<std::uintptr_t>(at_entry) % 16);
    alignas(64) volatile double wide[8] = {};
    EXPECT_TRUE(is_aligned(wide));
    double x = at_entry[0];
    for (int i = 0; i < 100; i++) {
        gangway::gosched();
        x = x * at_entry[1] / 2.5;
    }
    EXPECT_DOUBLE_EQ(1.5, x);
    EXPECT_THROW(throw std::string("here"), std::string);
}

GOROUTINE_TEST(stack_use, StackAlignment) {
    gangway::wait_group all;
    for (int i = 0; i < 4; i++) {
        all.go([] { aligned_floating_and_throwing(); });
        all.go([] {
            gangway::userdata_callback<void(void*), 0> cb([] { aligned_floating_and_throwing(); });
            gangway::call<&::callback>(cb.fn(), cb.data());
        });
    }
    all.wait();
}

}  // namespace
