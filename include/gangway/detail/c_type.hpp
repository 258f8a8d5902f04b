// SPDX-License-Identifier: BSD-3-Clause
// What a C++ type is to C: all that the call of a function of it needs to know, known when the program is compiled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace gangway::detail {

enum class c_kind : unsigned char {
    none,
    unsigned_integer,
    signed_integer,
    floating,
    complex,
    pointer,
    record  // a struct
};

struct c_type {
    c_kind kind = c_kind::none;
    std::size_t size = 0;  // bytes; of one element
    std::size_t alignment = 1;
    std::size_t count = 1;            // elements: of a member that is an array
    const c_type* members = nullptr;  // of a record, and then one of kind none
};

// Has a `members` where GANGWAY_FFI_STRUCT has described T.
template <class T>
struct c_struct {};

template <class T>
concept described = requires { c_struct<T>::members; };

__extension__ typedef __complex__ float c_float;    // NOLINT(modernize-use-using): using takes no __extension__
__extension__ typedef __complex__ double c_double;  // NOLINT(modernize-use-using)
__extension__ typedef __complex__ long double c_long_double;  // NOLINT(modernize-use-using)

template <class T>
constexpr bool is_c_complex =
    std::is_same_v<T, c_float> || std::is_same_v<T, c_double> || std::is_same_v<T, c_long_double>;

__extension__ typedef __int128 int128;            // NOLINT(modernize-use-using)
__extension__ typedef unsigned __int128 uint128;  // NOLINT(modernize-use-using)

// Clang before 18 passes these against the ABI: one half in a register and the other in memory, which libffi cannot.
template <class T>
constexpr bool is_int128 = std::is_same_v<T, int128> || std::is_same_v<T, uint128>;
#if defined(__clang__) && __clang_major__ < 18
constexpr bool has_int128 = false;
#else
constexpr bool has_int128 = true;
#endif

template <class T>
consteval c_kind kind_of() {
    if constexpr (std::is_void_v<T>) return c_kind::none;
    if constexpr (std::is_enum_v<T>) return kind_of<std::underlying_type_t<T>>();
    if constexpr (is_int128<T>) return has_int128 ? c_kind::signed_integer : c_kind::none;
    if constexpr (std::is_integral_v<T>)
        return std::is_signed_v<T> ? c_kind::signed_integer : c_kind::unsigned_integer;
    if constexpr (std::is_floating_point_v<T>) return c_kind::floating;
    if constexpr (is_c_complex<T>) return c_kind::complex;
    if constexpr (std::is_pointer_v<T>) return c_kind::pointer;
    if constexpr (described<T>) return c_kind::record;
    return c_kind::none;
}

template <class T>
consteval c_type c_type_of() {
    using element = std::remove_cv_t<std::remove_all_extents_t<T>>;
    constexpr c_kind kind = kind_of<element>();
    if constexpr (std::is_void_v<element>) {
        return {};
    } else {
        static_assert(kind != c_kind::none,
                      "a type that is passed by value is none of C's, or a struct without its GANGWAY_FFI_STRUCT");
        c_type t{kind, sizeof(element), alignof(element), sizeof(T) / sizeof(element), nullptr};
        if constexpr (kind == c_kind::record) t.members = c_struct<element>::members.data();
        return t;
    }
}

// Whether members at those offsets are all that a struct of that size has, as C would lay it out.
template <std::size_t N>
consteval bool is_whole_struct(const std::array<c_type, N>& members, const std::array<std::size_t, N>& offsets,
                               std::size_t size) {
    std::size_t end = 0;
    std::size_t alignment = 1;
    for (std::size_t i = 0; i + 1 < N; i++) {
        const c_type& t = members[i];
        end = (end + t.alignment - 1) / t.alignment * t.alignment;
        if (offsets[i] != end) return false;
        end += t.size * t.count;
        alignment = t.alignment > alignment ? t.alignment : alignment;
    }
    return size == (end + alignment - 1) / alignment * alignment;
}

// As the compiler writes it.
template <class T>
consteval std::string_view type_text() {
    std::string_view all = __PRETTY_FUNCTION__;
    std::size_t begin = all.find("T = ") + 4;
    std::size_t end = all.find(';', begin);
    return all.substr(begin, (end != std::string_view::npos ? end : all.rfind(']')) - begin);
}

}  // namespace gangway::detail

#define GANGWAY_DETAIL_PARENS ()
#define GANGWAY_DETAIL_EXPAND(...) \
    GANGWAY_DETAIL_EXPAND3(GANGWAY_DETAIL_EXPAND3(GANGWAY_DETAIL_EXPAND3(__VA_ARGS__)))
#define GANGWAY_DETAIL_EXPAND3(...) \
    GANGWAY_DETAIL_EXPAND2(GANGWAY_DETAIL_EXPAND2(GANGWAY_DETAIL_EXPAND2(__VA_ARGS__)))
#define GANGWAY_DETAIL_EXPAND2(...) \
    GANGWAY_DETAIL_EXPAND1(GANGWAY_DETAIL_EXPAND1(GANGWAY_DETAIL_EXPAND1(__VA_ARGS__)))
#define GANGWAY_DETAIL_EXPAND1(...) __VA_ARGS__
#define GANGWAY_DETAIL_EACH(m, T, ...) __VA_OPT__(GANGWAY_DETAIL_EXPAND(GANGWAY_DETAIL_ONE(m, T, __VA_ARGS__)))
#define GANGWAY_DETAIL_ONE(m, T, member, ...) \
    m(T, member) __VA_OPT__(GANGWAY_DETAIL_AGAIN GANGWAY_DETAIL_PARENS(m, T, __VA_ARGS__))
#define GANGWAY_DETAIL_AGAIN() GANGWAY_DETAIL_ONE
#define GANGWAY_DETAIL_MEMBER(T, member) ::gangway::detail::c_type_of<decltype(T::member)>(),
#define GANGWAY_DETAIL_OFFSET(T, member) offsetof(T, member),

// Describes struct T by its members, all of them and in order, so that callback<Sig> can take and give it by value. At
// global scope, at most 27 members:
//   struct point { int x; double y[2]; };
//   GANGWAY_FFI_STRUCT(point, x, y);
#define GANGWAY_FFI_STRUCT(T, ...)                                                                                \
    template <>                                                                                                   \
    struct gangway::detail::c_struct<T> {                                                                         \
        static constexpr ::std::array members{                                                                    \
            GANGWAY_DETAIL_EACH(GANGWAY_DETAIL_MEMBER, T, __VA_ARGS__)::gangway::detail::c_type{}};               \
        static constexpr ::std::array<::std::size_t, members.size()> offsets{                                     \
            GANGWAY_DETAIL_EACH(GANGWAY_DETAIL_OFFSET, T, __VA_ARGS__)};                                          \
        static_assert(::std::is_trivially_copyable_v<T>, "GANGWAY_FFI_STRUCT: " #T " is no struct of C's");       \
        static_assert(::gangway::detail::is_whole_struct(members, offsets, sizeof(T)),                            \
                      "GANGWAY_FFI_STRUCT: these are not all members of " #T " in their order, or it is packed"); \
    }
