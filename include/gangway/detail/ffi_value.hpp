// SPDX-License-Identifier: BSD-3-Clause
// What a value is to a call: the meeting point of C declarations, which are read at run time, and C++ types.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace gangway::ffi::detail {

// Two types are passed alike when they have the same kind; aggregates, when size and alignment are the same too.
enum class value_kind : std::uint8_t {
    none,
    void_,
    boolean,
    s8,
    u8,
    s16,
    u16,
    s32,
    u32,
    s64,
    u64,
    s128,
    u128,
    f32,
    f64,
    f80,
    c32,  // complex, of two f32
    c64,
    c80,
    pointer,
    aggregate,  // struct or union
};

struct value_type {
    value_kind kind = value_kind::none;
    std::size_t size = 0;
    std::size_t alignment = 1;
    friend bool operator==(const value_type&, const value_type&) = default;
};

constexpr bool goes_in_vector_register(value_kind k) {
    return k == value_kind::f32 || k == value_kind::f64;
}
constexpr bool goes_in_integer_register(value_kind k) {
    return (k >= value_kind::boolean && k <= value_kind::u64) || k == value_kind::pointer;
}
// One register holds it.
constexpr bool goes_in_register(value_kind k) {
    return goes_in_integer_register(k) || goes_in_vector_register(k);
}

__extension__ typedef __int128 int128;               // NOLINT(modernize-use-using): using takes no __extension__
__extension__ typedef unsigned __int128 uint128;     // NOLINT(modernize-use-using)
__extension__ typedef __complex__ float complex32;   // NOLINT(modernize-use-using)
__extension__ typedef __complex__ double complex64;  // NOLINT(modernize-use-using)
__extension__ typedef __complex__ long double complex80;  // NOLINT(modernize-use-using)

constexpr value_kind integer_kind(std::size_t size, bool is_signed) {
    switch (size) {
        case 1:
            return is_signed ? value_kind::s8 : value_kind::u8;
        case 2:
            return is_signed ? value_kind::s16 : value_kind::u16;
        case 4:
            return is_signed ? value_kind::s32 : value_kind::u32;
        default:
            return is_signed ? value_kind::s64 : value_kind::u64;
    }
}

template <class T, class... Of>
inline constexpr bool one_of = (std::is_same_v<T, Of> || ...);

// T without qualifiers. `none` for a type that C does not pass.
template <class T>
consteval value_kind kind_of() {
    if constexpr (std::is_void_v<T>)
        return value_kind::void_;
    else if constexpr (one_of<T, bool>)
        return value_kind::boolean;
    else if constexpr (one_of<T, int128>)
        return value_kind::s128;
    else if constexpr (one_of<T, uint128>)
        return value_kind::u128;
    else if constexpr (std::is_enum_v<T>)
        return kind_of<std::underlying_type_t<T>>();
    else if constexpr (std::is_integral_v<T>)
        return integer_kind(sizeof(T), std::is_signed_v<T>);
    else if constexpr (one_of<T, float>)
        return value_kind::f32;
    else if constexpr (one_of<T, double>)
        return value_kind::f64;
    else if constexpr (one_of<T, long double>)
        return value_kind::f80;
    else if constexpr (one_of<T, std::complex<float>, complex32>)
        return value_kind::c32;
    else if constexpr (one_of<T, std::complex<double>, complex64>)
        return value_kind::c64;
    else if constexpr (one_of<T, std::complex<long double>, complex80>)
        return value_kind::c80;
    else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>)
        return value_kind::pointer;
    else if constexpr (std::is_class_v<T> || std::is_union_v<T>)
        return std::is_trivially_copyable_v<T> ? value_kind::aggregate : value_kind::none;
    else
        return value_kind::none;
}

template <class T>
consteval value_type type_of() {
    constexpr value_kind kind = kind_of<T>();
    static_assert(kind != value_kind::none, "gangway::ffi: not a type that C passes by value");
    if constexpr (kind == value_kind::void_)
        return {kind, 0, 1};
    else
        return {kind, sizeof(T), alignof(T)};
}

}  // namespace gangway::ffi::detail
