// SPDX-License-Identifier: BSD-3-Clause
// Every argument and result type that C has, in every place among twelve arguments: a call gives what a direct call
// gives, and so does a callback.
#include "fixture.hpp"
#include "value_cases.hpp"

namespace {

using test::same;
using test::value;
using test::with_twelve;

// What C calls back: pick_NAME, in goroutine code.
template <class Case, class Function>
struct goroutine_side;
template <class Case, class T, class... A>
struct goroutine_side<Case, T (*)(int, A...)> {
    static T pick(int which, A... a) {
        EXPECT_TRUE(gangway::on_goroutine());
        return Case::pick(which, a...);
    }
};

template <class Case>
void every_way_gives_the_direct_result() {
    using T = typename Case::type;
    constexpr auto pick = Case::pick;
    using back = goroutine_side<Case, std::remove_const_t<decltype(Case::pick)>>;
    for (int which = 0; which < 12; which++) {
        const T expected = value<T>(which);
        auto is_expected = [&](auto call) {
            return with_twelve<T>([&](auto... v) { return same<T>(expected, call(v...)); });
        };
        ASSERT_TRUE(is_expected([&](auto... v) { return pick(which, v...); })) << "directly, " << which;
        EXPECT_TRUE(is_expected([&](auto... v) { return gangway::call<pick>(which, v...); })) << which;
        EXPECT_TRUE(is_expected([&](auto... v) { return gangway::call(pick, which, v...); })) << which;
        EXPECT_TRUE(is_expected([&](auto... v) { return gangway::leaf_call<pick>(which, v...); })) << which;
        EXPECT_TRUE(is_expected([&](auto... v) { return gangway::blocking_call<pick>(which, v...); })) << which;
        EXPECT_TRUE(is_expected([&](auto... v) { return gangway::call_errno<pick>(which, v...).value; })) << which;
        EXPECT_TRUE(is_expected([&](auto... v) {
            return gangway::call<Case::through>(gangway::exported<&back::pick>, which, v...);
        })) << which;
    }
}

template <class Case>
class call_types : public ::testing::Test {
protected:
    // The frames that hold twelve large structs, many times, want more than the usual stack without optimization.
    static void check() {
        gangway::options opts = test::with_ps(test::ps());
        opts.stack_size = 4 << 20;
        test::run_and_check(opts, &every_way_gives_the_direct_result<Case>);
    }
};

template <class Case>
class scalars : public call_types<Case> {};
TYPED_TEST_SUITE(scalars, test::scalar_cases, test::case_names);
TYPED_TEST(scalars, in_every_place) {
    this->check();
}

template <class Case>
class byte_structs : public call_types<Case> {};
TYPED_TEST_SUITE(byte_structs, test::bytes_cases, test::case_names);
TYPED_TEST(byte_structs, in_every_place) {
    this->check();
}

template <class Case>
class mixed_structs : public call_types<Case> {};
TYPED_TEST_SUITE(mixed_structs, test::mixed_cases, test::case_names);
TYPED_TEST(mixed_structs, in_every_place) {
    this->check();
}

GOROUTINE_TEST(call_types, nineteen_mixed_arguments) {
    auto by = [](auto call) {
        return call(1, 2.5, std::int64_t{-3}, 4.25F, "e", std::int8_t{-6}, 7.0, std::uint16_t{65535}, 9.5F, 10,
                    11.5, std::int64_t{1} << 40, 13.0, 14.0F, 15.0, 16.0, -17, 18.5, 19.0L);
    };
    const double direct = by([](auto... v) { return ::many_mixed(v...); });
    EXPECT_EQ(direct, by([](auto... v) { return gangway::call<&::many_mixed>(v...); }));
    EXPECT_EQ(direct, by([](auto... v) { return gangway::call(&::many_mixed, v...); }));
    EXPECT_EQ(direct, by([](auto... v) { return gangway::leaf_call<&::many_mixed>(v...); }));
}

// Narrow integers of every value: what C leaves above them in a register must not be seen.
GOROUTINE_TEST(call_types, narrow_integers_of_every_value) {
    for (int i = -128; i < 128; i++) {
        const auto s = static_cast<std::int8_t>(i);
        const auto u = static_cast<std::uint8_t>(i);
        ASSERT_EQ(s, gangway::call<&::pick_i8>(0, s, s, s, s, s, s, s, s, s, s, s, s));
        ASSERT_EQ(u, gangway::call<&::pick_u8>(11, u, u, u, u, u, u, u, u, u, u, u, u));
    }
}

}  // namespace
