// SPDX-License-Identifier: BSD-3-Clause
// callback<Sig> with every argument and result type that C has, in every place among twelve arguments.
#include "fixture.hpp"
#include "value_cases.hpp"

#define DESCRIBE_BYTES(n) GANGWAY_FFI_STRUCT(bytes##n, b);
BYTE_STRUCTS(DESCRIBE_BYTES)
#define DESCRIBE_MIXED(name, A, B, C) GANGWAY_FFI_STRUCT(name, a, b, c);
MIXED_STRUCTS(DESCRIBE_MIXED)
GANGWAY_FFI_STRUCT(one_long_double, a);
GANGWAY_FFI_STRUCT(two_doubles, a, b);

namespace {

template <class Case>
void takes_and_gives_each() {
    using T = typename Case::type;
    using sig = std::remove_pointer_t<std::remove_const_t<decltype(Case::pick)>>;
    gangway::callback<sig> pick([](int which, auto... a) {
        EXPECT_TRUE(gangway::on_goroutine());
        return Case::pick(which, a...);
    });
    for (int which = 0; which < 12; which++) {
        const T got =
            test::with_twelve<T>([&](auto... v) { return gangway::call<Case::through>(pick.get(), which, v...); });
        EXPECT_TRUE(test::same<T>(test::value<T>(which), got)) << which;
    }
}

template <class Case>
class closure_types : public ::testing::Test {
protected:
    static void check() {
        gangway::options opts = test::with_ps(test::ps());
        opts.stack_size = 4 << 20;
        test::run_and_check(opts, &takes_and_gives_each<Case>);
    }
};

template <class Case>
class closure_scalars : public closure_types<Case> {};
TYPED_TEST_SUITE(closure_scalars, test::scalar_cases, test::case_names);
TYPED_TEST(closure_scalars, in_every_place) {
    this->check();
}

template <class Case>
class closure_byte_structs : public closure_types<Case> {};
TYPED_TEST_SUITE(closure_byte_structs, test::bytes_cases, test::case_names);
TYPED_TEST(closure_byte_structs, in_every_place) {
    this->check();
}

template <class Case>
class closure_mixed_structs : public closure_types<Case> {};
TYPED_TEST_SUITE(closure_mixed_structs, test::mixed_cases, test::case_names);
TYPED_TEST(closure_mixed_structs, in_every_place) {
    this->check();
}

enum class narrow : std::int8_t { least = -128 };

// promotion: results narrower than a register, with their signs.
TEST(closure_types, narrow_results_fill_a_register) {
    const auto as_int = [](auto* f) { return reinterpret_cast<int (*)()>(reinterpret_cast<void*>(f))(); };
    EXPECT_EQ(-128, as_int(gangway::callback<std::int8_t()>([] { return std::int8_t{-128}; }).get()));
    EXPECT_EQ(255, as_int(gangway::callback<std::uint8_t()>([] { return std::uint8_t{255}; }).get()));
    EXPECT_EQ(-2, as_int(gangway::callback<std::int16_t()>([] { return std::int16_t{-2}; }).get()));
    EXPECT_EQ(65535, as_int(gangway::callback<std::uint16_t()>([] { return std::uint16_t{65535}; }).get()));
    EXPECT_EQ(1, as_int(gangway::callback<bool()>([] { return true; }).get()));
    EXPECT_EQ(-128, as_int(gangway::callback<narrow()>([] { return narrow::least; }).get()));
}

struct inner {
    std::uint8_t tag;
    double at[2];
};
struct outer {
    inner parts[2];
    const char* name;
};

}  // namespace

GANGWAY_FFI_STRUCT(inner, tag, at);
GANGWAY_FFI_STRUCT(outer, parts, name);

namespace {

TEST(closure_types, structs_in_structs_and_arrays) {
    gangway::callback<outer(outer, int)> swapped([](outer o, int by) {
        std::swap(o.parts[0], o.parts[1]);
        o.parts[0].at[1] += by;
        return o;
    });
    const outer got = swapped.get()({{{1, {2, 3}}, {4, {5, 6}}}, "name"}, 10);
    EXPECT_EQ(4, got.parts[0].tag);
    EXPECT_EQ(16, got.parts[0].at[1]);
    EXPECT_EQ(3, got.parts[1].at[1]);
    EXPECT_STREQ("name", got.name);
}

}  // namespace
