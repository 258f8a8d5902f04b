// SPDX-License-Identifier: BSD-3-Clause
// The types of c/values.h as cases for typed tests: how to make the i-th of twelve different values, when two are equal,
// and the functions that take them.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "c/values.h"

namespace test {

template <class T>
T value(int i) {
    if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<T>(0x10000 + 16 * static_cast<std::size_t>(i));
    } else {
        return static_cast<T>(static_cast<T>(i % 2 == 0 ? 1 : -1) * static_cast<T>(7 * i + 3));
    }
}
template <class T>
    requires std::is_same_v<T, complex_float> || std::is_same_v<T, complex_double> ||
             std::is_same_v<T, complex_long_double>
T value(int i) {
    using part = std::remove_reference_t<decltype(__real__ std::declval<T&>())>;
    T v{};
    __real__ v = static_cast<part>(i) + static_cast<part>(0.5);
    __imag__ v = static_cast<part>(-i) - static_cast<part>(0.25);
    return v;
}

// A struct that is an array of bytes.
template <class T>
concept bytes_only = requires(T t) { t.b[0]; };
template <bytes_only T>
T value(int i) {
    T v;
    for (std::size_t k = 0; k < sizeof v.b; k++) v.b[k] = static_cast<std::uint8_t>(31 * i + static_cast<int>(k));
    return v;
}
template <bytes_only T>
bool operator==(const T& x, const T& y) {
    return std::memcmp(x.b, y.b, sizeof x.b) == 0;
}

#define VALUE_OF_MIXED(name, A, B, C)                             \
    template <>                                                   \
    inline ::name value<::name>(int i) {                          \
        return {value<A>(i), value<B>(i + 20), value<C>(i + 40)}; \
    }                                                             \
    inline bool operator==(const ::name& x, const ::name& y) {    \
        return x.a == y.a && x.b == y.b && x.c == y.c;            \
    }
MIXED_STRUCTS(VALUE_OF_MIXED)
#undef VALUE_OF_MIXED

template <>
inline one_long_double value<one_long_double>(int i) {
    return {value<long double>(i)};
}
inline bool operator==(const one_long_double& x, const one_long_double& y) {
    return x.a == y.a;
}
template <>
inline two_doubles value<two_doubles>(int i) {
    return {value<double>(i), value<double>(i + 20)};
}
inline bool operator==(const two_doubles& x, const two_doubles& y) {
    return x.a == y.a && x.b == y.b;
}

template <class T>
bool same(const T& x, const T& y) {
    return x == y;
}

// f(v0, ..., v11)
template <class T, class F>
decltype(auto) with_twelve(F f) {
    return [&]<int... I>(std::integer_sequence<int, I...>) -> decltype(auto) {
        return f(value<T>(I)...);
    }(std::make_integer_sequence<int, 12>());
}

#define VALUE_CASE(case_name, T)                                \
    struct case_##case_name {                                   \
        using type = T;                                         \
        static constexpr auto pick = &::pick_##case_name;       \
        static constexpr auto through = &::through_##case_name; \
        static constexpr const char* name = #case_name;         \
    };
#define VALUE_CASE_BYTES(n) VALUE_CASE(bytes##n, ::bytes##n)
#define VALUE_CASE_MIXED(name, A, B, C) VALUE_CASE(name, ::name)
SCALAR_TYPES(VALUE_CASE)
POINTER_TYPES(VALUE_CASE)
BYTE_STRUCTS(VALUE_CASE_BYTES)
MIXED_STRUCTS(VALUE_CASE_MIXED)
VALUE_CASE(one_long_double, ::one_long_double)
VALUE_CASE(two_doubles, ::two_doubles)
#undef VALUE_CASE_MIXED
#undef VALUE_CASE_BYTES
#undef VALUE_CASE

#define VALUE_CASE_NAME(case_name, T) case_##case_name,
#define VALUE_CASE_NAME_BYTES(n) case_bytes##n,
#define VALUE_CASE_NAME_MIXED(name, A, B, C) case_##name,
using scalar_cases =
    ::testing::Types<SCALAR_TYPES(VALUE_CASE_NAME) POINTER_TYPES(VALUE_CASE_NAME) case_two_doubles>;
using bytes_cases = ::testing::Types<BYTE_STRUCTS(VALUE_CASE_NAME_BYTES) case_one_long_double>;
using mixed_cases = ::testing::Types<MIXED_STRUCTS(VALUE_CASE_NAME_MIXED) case_two_doubles>;
#undef VALUE_CASE_NAME_MIXED
#undef VALUE_CASE_NAME_BYTES
#undef VALUE_CASE_NAME

struct case_names {
    template <class Case>
    static std::string GetName(int /*index*/) {
        return Case::name;
    }
};

}  // namespace test
