// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/basic_types.hpp"

#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <cwchar>

namespace gangway::ffi::detail {

namespace {

struct weighted {
    std::string_view word;
    word_sum weight;
};

// Three bits a word, for no type has more than max_words of them.
constexpr word_sum one_of_word(unsigned position) {
    return word_sum{1} << (3 * position);
}
constexpr weighted words[] = {
    {"void", one_of_word(0)},       {"char", one_of_word(1)},         {"short", one_of_word(2)},
    {"int", one_of_word(3)},        {"long", one_of_word(4)},         {"signed", one_of_word(5)},
    {"unsigned", one_of_word(6)},   {"float", one_of_word(7)},        {"double", one_of_word(8)},
    {"_Bool", one_of_word(9)},      {"_Complex", one_of_word(10)},    {"__int128", one_of_word(11)},
    {"bool", one_of_word(9)},       {"complex", one_of_word(10)},     {"__signed", one_of_word(5)},
    {"__signed__", one_of_word(5)}, {"__complex__", one_of_word(10)}, {"__int128_t", one_of_word(11)},
};

constexpr word_sum weight(std::string_view word) {
    for (const weighted& w : words) {
        if (w.word == word) return w.weight;
    }
    return 0;
}

consteval word_sum sum_of(std::string_view text) {
    word_sum sum = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        sum += weight(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return sum;
}

struct combination {
    word_sum sum;
    value_kind kind;
};

constexpr value_kind kind_of_long = kind_of<long>();
constexpr value_kind kind_of_ulong = kind_of<unsigned long>();

constexpr combination combinations[] = {
    {sum_of("void"), value_kind::void_},
    {sum_of("_Bool"), value_kind::boolean},
    {sum_of("char"), kind_of<char>()},
    {sum_of("signed char"), value_kind::s8},
    {sum_of("unsigned char"), value_kind::u8},
    {sum_of("short"), value_kind::s16},
    {sum_of("short int"), value_kind::s16},
    {sum_of("signed short"), value_kind::s16},
    {sum_of("signed short int"), value_kind::s16},
    {sum_of("unsigned short"), value_kind::u16},
    {sum_of("unsigned short int"), value_kind::u16},
    {sum_of("int"), value_kind::s32},
    {sum_of("signed"), value_kind::s32},
    {sum_of("signed int"), value_kind::s32},
    {sum_of("unsigned"), value_kind::u32},
    {sum_of("unsigned int"), value_kind::u32},
    {sum_of("long"), kind_of_long},
    {sum_of("long int"), kind_of_long},
    {sum_of("signed long"), kind_of_long},
    {sum_of("signed long int"), kind_of_long},
    {sum_of("unsigned long"), kind_of_ulong},
    {sum_of("unsigned long int"), kind_of_ulong},
    {sum_of("long long"), value_kind::s64},
    {sum_of("long long int"), value_kind::s64},
    {sum_of("signed long long"), value_kind::s64},
    {sum_of("signed long long int"), value_kind::s64},
    {sum_of("unsigned long long"), value_kind::u64},
    {sum_of("unsigned long long int"), value_kind::u64},
    {sum_of("__int128"), value_kind::s128},
    {sum_of("signed __int128"), value_kind::s128},
    {sum_of("unsigned __int128"), value_kind::u128},
    {sum_of("float"), value_kind::f32},
    {sum_of("double"), value_kind::f64},
    {sum_of("long double"), value_kind::f80},
    {sum_of("float _Complex"), value_kind::c32},
    {sum_of("double _Complex"), value_kind::c64},
    {sum_of("long double _Complex"), value_kind::c80},
};

struct typedef_name {
    std::string_view name;
    value_kind kind;
};

constexpr typedef_name typedefs[] = {
    {"int8_t", value_kind::s8},
    {"uint8_t", value_kind::u8},
    {"int16_t", value_kind::s16},
    {"uint16_t", value_kind::u16},
    {"int32_t", value_kind::s32},
    {"uint32_t", value_kind::u32},
    {"int64_t", value_kind::s64},
    {"uint64_t", value_kind::u64},
    {"int_least8_t", kind_of<std::int_least8_t>()},
    {"uint_least8_t", kind_of<std::uint_least8_t>()},
    {"int_least16_t", kind_of<std::int_least16_t>()},
    {"uint_least16_t", kind_of<std::uint_least16_t>()},
    {"int_least32_t", kind_of<std::int_least32_t>()},
    {"uint_least32_t", kind_of<std::uint_least32_t>()},
    {"int_least64_t", kind_of<std::int_least64_t>()},
    {"uint_least64_t", kind_of<std::uint_least64_t>()},
    {"int_fast8_t", kind_of<std::int_fast8_t>()},
    {"uint_fast8_t", kind_of<std::uint_fast8_t>()},
    {"int_fast16_t", kind_of<std::int_fast16_t>()},
    {"uint_fast16_t", kind_of<std::uint_fast16_t>()},
    {"int_fast32_t", kind_of<std::int_fast32_t>()},
    {"uint_fast32_t", kind_of<std::uint_fast32_t>()},
    {"int_fast64_t", kind_of<std::int_fast64_t>()},
    {"uint_fast64_t", kind_of<std::uint_fast64_t>()},
    {"intmax_t", kind_of<std::intmax_t>()},
    {"uintmax_t", kind_of<std::uintmax_t>()},
    {"intptr_t", kind_of<std::intptr_t>()},
    {"uintptr_t", kind_of<std::uintptr_t>()},
    {"size_t", kind_of<std::size_t>()},
    {"ptrdiff_t", kind_of<std::ptrdiff_t>()},
    {"wchar_t", kind_of<wchar_t>()},
    {"wint_t", kind_of<std::wint_t>()},
    {"char8_t", kind_of<char8_t>()},
    {"char16_t", kind_of<char16_t>()},
    {"char32_t", kind_of<char32_t>()},
    {"__uint128_t", value_kind::u128},
    {"ssize_t", kind_of<ssize_t>()},
    {"off_t", kind_of<off_t>()},
    {"pid_t", kind_of<pid_t>()},
    {"uid_t", kind_of<uid_t>()},
    {"gid_t", kind_of<gid_t>()},
    {"mode_t", kind_of<mode_t>()},
    {"dev_t", kind_of<dev_t>()},
    {"ino_t", kind_of<ino_t>()},
    {"nlink_t", kind_of<nlink_t>()},
    {"blksize_t", kind_of<blksize_t>()},
    {"blkcnt_t", kind_of<blkcnt_t>()},
    {"time_t", kind_of<std::time_t>()},
    {"clock_t", kind_of<std::clock_t>()},
    {"clockid_t", kind_of<clockid_t>()},
    {"useconds_t", kind_of<useconds_t>()},
    {"suseconds_t", kind_of<suseconds_t>()},
    {"socklen_t", kind_of<socklen_t>()},
};

constexpr std::string_view qualifiers[] = {"const",     "volatile",     "restrict",   "__restrict",
                                           "__const",   "__volatile__", "__volatile", "__restrict__",
                                           "__const__", "__extension__"};
constexpr std::string_view storage_classes[] = {"extern",     "inline", "__inline",
                                                "__inline__", "static", "_Noreturn"};

struct refused {
    std::string_view word;
    const char* why;
};

constexpr refused refusals[] = {
    {"enum", "an enum's integer type is its compiler's choice: write int or unsigned int"},
    {"_Atomic", "_Atomic types are not passed by value"},
    {"_Alignas", "_Alignas is not understood"},
    {"alignas", "alignas is not understood"},
    {"_Imaginary", "_Imaginary types are not understood"},
    {"__attribute__", "attributes are not understood"},
    {"__attribute", "attributes are not understood"},
    {"typeof", "typeof is not understood"},
    {"__typeof__", "typeof is not understood"},
    {"typedef", "a typedef declares no function"},
    {"register", "storage classes are not understood here"},
    {"auto", "storage classes are not understood here"},
    {"_Thread_local", "storage classes are not understood here"},
    {"va_list", "a va_list is its compiler's own and cannot be passed"},
};

bool contains(const auto& list, std::string_view word) {
    return std::ranges::find(list, word) != std::end(list);
}

}  // namespace

word_sum weight_of(std::string_view word) {
    return weight(word);
}

value_kind kind_of_words(word_sum sum) {
    const auto* found = std::ranges::find(combinations, sum, &combination::sum);
    return found != std::end(combinations) ? found->kind : value_kind::none;
}

value_kind kind_of_typedef(std::string_view name) {
    const auto* found = std::ranges::find(typedefs, name, &typedef_name::name);
    return found != std::end(typedefs) ? found->kind : value_kind::none;
}

bool is_qualifier(std::string_view word) {
    return contains(qualifiers, word);
}

bool is_storage_class(std::string_view word) {
    return contains(storage_classes, word);
}

const char* refusal_of(std::string_view word) {
    const auto* found = std::ranges::find(refusals, word, &refused::word);
    return found != std::end(refusals) ? found->why : nullptr;
}

}  // namespace gangway::ffi::detail
