// SPDX-License-Identifier: BSD-3-Clause
// What C gives a callback arrives, and what the callback gives back is what C gets.
#include "../c/callback_args.h"

#include <string_view>

#include "../fixture.hpp"

namespace {

std::int64_t takes_text(text t) {
    EXPECT_EQ("say", std::string_view(t.at, static_cast<std::size_t>(t.size)));
    return t.size * 7;
}

GOROUTINE_TEST(callback_args, testCallGoWithString) {
    EXPECT_EQ(21, gangway::call<&::call_with_text>(gangway::exported<&takes_text>));
}

int takes_pair(const char* s, int n) {
    EXPECT_STREQ("four", s);
    EXPECT_EQ(-4, n);
    return 5548;
}

GOROUTINE_TEST(callback_args, test5548) {
    EXPECT_EQ(5548, gangway::call<&::issue5548>(gangway::exported<&takes_pair>, "four", -4));
}

std::uint64_t takes_mixed(unsigned x, std::uint64_t y) {
    return y + x;
}

GOROUTINE_TEST(callback_args, test6833) {
    const std::uint64_t large = 0x1020304050607080;
    EXPECT_EQ(large + 17, gangway::call<&::issue6833>(gangway::exported<&takes_mixed>, 17U, large));
}

two_results gives_two(int a, int b, int c, int d, int e, int f) {
    return {a + 10 * b + 100 * c, d + 10 * e + 100 * f};
}

GOROUTINE_TEST(callback_args, test20910) {
    EXPECT_EQ(321 * 1000 + 654, gangway::call<&::issue20910>(gangway::exported<&gives_two>));
}

// 256 bytes of frame a level, as the case says.
__attribute__((noinline)) std::int64_t deep(int n) {
    volatile unsigned char frame[256];
    for (unsigned char i = 0; i < 255; i++) frame[i] = i;
    std::int64_t below = n == 0 ? 0 : deep(n - 1);
    return below + n + frame[0];
}

GOROUTINE_TEST(callback_args, testReturnAfterGrow) {
    std::int64_t result = 0;
    EXPECT_EQ(123456, gangway::call<&::return_after>(gangway::exported<&deep>, &result));
    EXPECT_EQ(8256, result);
}

// From a goroutine whose stack is all but untouched, so that its pages come in the callback.
GOROUTINE_TEST(callback_args, testReturnAfterGrowFromGo) {
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(123456 + 8256, gangway::spawn([] {
                                     std::int64_t result = 0;
                                     return gangway::call<&::return_after>(gangway::exported<&deep>, &result) +
                                            result;
                                 }).join());
    }
}

}  // namespace
