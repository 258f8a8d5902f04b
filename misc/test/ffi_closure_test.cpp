// SPDX-License-Identifier: BSD-3-Clause
// ffi::closure: C's pointers to C++ functions, from declarations.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

using gangway::ffi::closure;

template <class T>
T argument(void* const* args, std::size_t i) {
    T value;
    std::memcpy(&value, args[i], sizeof value);
    return value;
}
template <class T>
void give(void* result, const T& value) {
    std::memcpy(result, &value, sizeof value);
}
template <class Sig>
Sig* as(const closure& c) {
    return reinterpret_cast<Sig*>(c.code());
}

GOROUTINE_TEST(ffi_closure, qsort_in_goroutine_code) {
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    int compares = 0;
    const auto id = gangway::goid();
    closure backward("int compare(const void*, const void*)", [&](void* result, void* const* args) {
        if (++compares % 100 == 0) gangway::gosched();
        EXPECT_EQ(id, gangway::goid());
        give(result, *argument<const int*>(args, 1) - *argument<const int*>(args, 0));
    });
    gangway::call<&::qsort>(numbers.data(), numbers.size(), sizeof(int),
                            as<int(const void*, const void*)>(backward));
    EXPECT_TRUE(std::is_sorted(numbers.rbegin(), numbers.rend()));
    EXPECT_GT(compares, 500);
}

struct nested {
    int a;
    struct {
        int b;
        float c;
    } s;
};

// cls_many_mixed_args, nested_struct: in registers, past them, and a struct whose second eightbyte is of both kinds.
GOROUTINE_TEST(ffi_closure, arguments_of_each_kind) {
    closure c(
        "double f(char, unsigned short, struct { int a; struct { int b; float c; } s; }, double, float, long, "
        "int, void*, double, struct { long x[3]; }, unsigned char)",
        [](void* result, void* const* args) {
            const auto n = argument<nested>(args, 2);
            struct longs {
                long x[3];
            };
            give(result, argument<char>(args, 0) + argument<unsigned short>(args, 1) + n.a + n.s.b +
                             static_cast<double>(n.s.c) + argument<double>(args, 3) +
                             static_cast<double>(argument<float>(args, 4)) +
                             static_cast<double>(argument<long>(args, 5)) + argument<int>(args, 6) +
                             static_cast<double>(argument<std::size_t>(args, 7)) + argument<double>(args, 8) +
                             static_cast<double>(argument<longs>(args, 9).x[2]) +
                             argument<unsigned char>(args, 10));
        });
    struct longs {
        long x[3];
    };
    auto* f =
        as<double(char, unsigned short, nested, double, float, long, int, void*, double, longs, unsigned char)>(c);
    const double got =
        gangway::call(f, char{1}, static_cast<unsigned short>(60000), nested{3, {4, 5.5F}}, 6.25, 7.5F, 8L, 9,
                      reinterpret_cast<void*>(10), 11.0, longs{{0, 0, 12}}, static_cast<unsigned char>(200));
    EXPECT_EQ(1 + 60000 + 3 + 4 + 5.5 + 6.25 + 7.5 + 8 + 9 + 10 + 11 + 12 + 200, got);
}

// callback<Sig> with the same struct: libffi's own view of nested structs would lose its second half.
}  // namespace
struct inner_half {
    int b;
    float c;
};
struct outer_half {
    int a;
    inner_half s;
};
GANGWAY_FFI_STRUCT(inner_half, b, c);
GANGWAY_FFI_STRUCT(outer_half, a, s);
namespace {
GOROUTINE_TEST(ffi_closure, a_nested_struct_by_callback_too) {
    gangway::callback<outer_half(outer_half)> c([](outer_half o) { return outer_half{o.s.b, {o.a, o.s.c * 2}}; });
    const outer_half got = gangway::call(c.get(), outer_half{1, {2, 3.5F}});
    EXPECT_EQ(2, got.a);
    EXPECT_EQ(1, got.s.b);
    EXPECT_EQ(7.0F, got.s.c);
}

// promotion: each result that is narrower than a register.
GOROUTINE_TEST(ffi_closure, narrow_results) {
    const auto result_of = [](const char* declaration, auto value) {
        closure c(declaration, [&](void* result, void* const*) { give(result, value); });
        return gangway::call(as<long()>(c)) & 0xffffffff;
    };
    EXPECT_EQ(0xffffff80, result_of("signed char f(void)", std::int8_t{-128}));
    EXPECT_EQ(0xff, result_of("uint8_t f(void)", std::uint8_t{255}));
    EXPECT_EQ(0xfffffffe, result_of("short f(void)", std::int16_t{-2}));
    EXPECT_EQ(0xffff, result_of("uint16_t f(void)", std::uint16_t{65535}));
    EXPECT_EQ(1, result_of("_Bool f(void)", true));
}

// A dynamic call of a closure: both ends are known from text only.
GOROUTINE_TEST(ffi_closure, called_by_a_function_from_text) {
    const char* declaration = "struct { double re, im; } turn(struct { double re, im; } z, int by)";
    struct complex_number {
        double re, im;
    };
    closure c(declaration, [](void* result, void* const* args) {
        auto z = argument<complex_number>(args, 0);
        for (int i = argument<int>(args, 1); i > 0; i--) z = {-z.im, z.re};
        give(result, z);
    });
    gangway::ffi::function turn(c.code(), declaration);
    const auto got = turn.call<complex_number>(complex_number{1, 2}, 3);
    EXPECT_EQ(2, got.re);
    EXPECT_EQ(-1, got.im);
}

GOROUTINE_TEST(ffi_closure, what_is_thrown_comes_out_and_C_gets_zeros) {
    closure c("long f(int)", [](void* result, void* const*) {
        give(result, 77L);
        throw std::runtime_error("after it has written");
    });
    long got = 1;
    EXPECT_THROW(gangway::call([&] { got = as<long(int)>(c)(1); }), std::runtime_error);
    EXPECT_EQ(0, got);
}

GOROUTINE_TEST(ffi_closure, void_results_and_no_arguments) {
    int calls = 0;
    closure c("void f(void)", [&](void* result, void* const*) {
        EXPECT_EQ(nullptr, result);
        ++calls;
    });
    gangway::call(as<void()>(c));
    EXPECT_EQ(1, calls);
}

GOROUTINE_TEST(ffi_closure, lives_as_a_callback_does) {
    const int before = test::counted::alive;
    const auto living = gangway::read_mem_stats().closures;
    for (int i = 0; i < 100; i++) {
        std::unique_ptr<closure> c;
        c = std::make_unique<closure>("int f(int)",
                                      [&c, value = test::counted(i)](void* result, void* const* args) {
                                          c.reset();
                                          gangway::gosched();
                                          give(result, value.value + argument<int>(args, 0));
                                      });
        EXPECT_EQ(i + 1, gangway::call(as<int(int)>(*c), 1));
    }
    EXPECT_EQ(before, test::counted::alive);
    EXPECT_EQ(living, gangway::read_mem_stats().closures);
}

std::string error_of(const char* declaration) {
    try {
        closure c(declaration, [](void*, void* const*) {});
    } catch (const gangway::ffi::error& e) {
        return e.what();
    }
    return "";
}

TEST(ffi_closure, errors) {
    EXPECT_NE(std::string::npos, error_of("int f(int, ..., double)")
                                     .find("gangway::ffi::closure: a closure cannot be "
                                           "variadic: it does not know its arguments\n"));
    EXPECT_NE(std::string::npos, error_of("int f(foo)").find("gangway::ffi::closure: "));
    EXPECT_THROW(closure("int f(void)", nullptr), gangway::ffi::error);
}

}  // namespace
