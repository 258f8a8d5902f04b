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

// --- C++ types -------------------------------------------------------------------------------------------------------

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

// --- Calls whose values all go in registers --------------------------------------------------------------------------

// The kinds of result and parameters, as one thing to compare: a call's is made by the compiler, a declaration's when
// it is read.
struct register_key {
    static constexpr std::size_t max_parameters = 14;  // six integer registers and eight vector registers
    std::uint64_t half[2] = {0, 0};

    constexpr void set(std::size_t position, value_kind k) {
        half[position / 8] |= static_cast<std::uint64_t>(k) << (position % 8 * 8);
    }
    friend constexpr bool operator==(const register_key& a, const register_key& b) {
        return ((a.half[0] ^ b.half[0]) | (a.half[1] ^ b.half[1])) == 0;
    }
};

// The result first. All zero, which no call has, where not all of it goes in registers.
constexpr register_key key_of(value_kind result, const value_kind* parameters, std::size_t count) {
    if (count > register_key::max_parameters) return {};
    if (result != value_kind::void_ && !goes_in_register(result)) return {};
    register_key key;
    key.set(0, result);
    std::size_t integers = 0;
    std::size_t vectors = 0;
    for (std::size_t i = 0; i < count; i++) {
        if (!goes_in_register(parameters[i])) return {};
        ++(goes_in_vector_register(parameters[i]) ? vectors : integers);
        key.set(i + 1, parameters[i]);
    }
    return integers <= 6 && vectors <= 8 ? key : register_key{};
}

template <class R, class... A>
consteval register_key key_of_call() {
    const value_kind kinds[] = {kind_of<A>()..., value_kind::none};
    return key_of(kind_of<R>(), kinds, sizeof...(A));
}

}  // namespace gangway::ffi::detail
