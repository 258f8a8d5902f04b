// SPDX-License-Identifier: BSD-3-Clause
// Arguments, results and errno of the calls that every program makes.
#include "../c/basic.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "../fixture.hpp"

namespace {

GOROUTINE_TEST(basic, TestAtol) {
    EXPECT_EQ(123L, gangway::call<&::atol>("123"));
    EXPECT_EQ(-5L, gangway::call<&::atol>("-5"));
}

GOROUTINE_TEST(basic, TestConst) {
    // A null pointer as the second argument, and the constant base.
    EXPECT_EQ(255L, gangway::call<&::strtol>("ff", nullptr, 16));
}

GOROUTINE_TEST(basic, TestMultipleAssign) {
    const std::string text = "234 is the number";
    char* end = nullptr;
    EXPECT_EQ(234L, gangway::call<&::strtol>(text.c_str(), &end, 10));
    EXPECT_EQ(end, text.c_str() + 3);
    // Two calls in one expression keep their own results.
    EXPECT_EQ(345 * 1000 - 456,
              gangway::call<&::strtol>("345", nullptr, 10) * 1000 - gangway::call<&::atol>("456"));
}

GOROUTINE_TEST(basic, TestErrno) {
    auto number = gangway::call_errno<&::strtol>("12", nullptr, 123);
    EXPECT_EQ(0L, number.value);
    EXPECT_EQ(EINVAL, number.error);

    auto file = gangway::call_errno<&::fopen>("/no/such/file", "r");
    EXPECT_EQ(nullptr, file.value);
    EXPECT_EQ(ENOENT, file.error);
}

GOROUTINE_TEST(basic, errno_is_0_before_the_call) {
    errno = ERANGE;
    auto seen = gangway::call_errno<&::leaves_errno>();
    EXPECT_EQ(0, seen.value);
    EXPECT_EQ(0, seen.error);
}

GOROUTINE_TEST(basic, test3729) {
    gangway::errno_result<void> nothing = gangway::call_errno<&::issue3729_void>();
    EXPECT_EQ(E2BIG, nothing.error);

    auto sum = gangway::call_errno<&::issue3729_int>(1, 'b', 3.0F, short{4}, 5);
    EXPECT_EQ(1 + 'b' + 3 + 4 + 5, sum.value);
    EXPECT_EQ(EINVAL, sum.error);
}

GOROUTINE_TEST(basic, test12030) {
    for (const auto& [value, text] : {std::pair{1.0, "1"}, std::pair{2.0, "2"}, std::pair{3.14, "3.14"}}) {
        char to[32];
        EXPECT_EQ(static_cast<int>(std::string(text).size()),
                  gangway::call<&::snprintf>(to, sizeof to, "%g", value));
        EXPECT_STREQ(text, to);
    }
    char to[64];
    gangway::call<&::snprintf>(to, sizeof to, "%d %g %s %g %lld", 1, 2.5, "three", 4.5F, 5LL);
    EXPECT_STREQ("1 2.5 three 4.5 5", to);
}

GOROUTINE_TEST(basic, test5986) {
    char to[64];
    gangway::call<&::issue5986>(to, sizeof to);
    EXPECT_STREQ("value = 0.1, sqrt = 1.41421", to);
    EXPECT_DOUBLE_EQ(std::sqrt(2.0), gangway::call<static_cast<double (*)(double)>(&::sqrt)>(2.0));
}

GOROUTINE_TEST(basic, c_stack_is_aligned) {
    EXPECT_EQ(0U, gangway::call<&::stack_misalignment>());
    EXPECT_EQ(0U, gangway::leaf_call<&::stack_misalignment>());
    EXPECT_EQ(0U, gangway::blocking_call<&::stack_misalignment>());
    EXPECT_EQ(0, gangway::call_errno<&::stack_misalignment>().error);
}

}  // namespace
