// SPDX-License-Identifier: BSD-3-Clause
// Every argument and result type of c/values.h, in every place among twelve arguments, by a dynamic call.
#include <gangway/ffi.hpp>

#include <map>
#include <string>
#include <type_traits>

#include "ffi/prepared.hpp"
#include "fixture.hpp"
#include "value_cases.hpp"

namespace {

using gangway::ffi::function;
using gangway::ffi::made_by_libffi;
using test::same;
using test::value;
using test::with_twelve;

// A case's type in C.
const std::map<std::string, std::string>& spellings() {
#define SPELL(name, T) {#name, #T},
#define SPELL_BYTES(n) {"bytes" #n, "struct { uint8_t b[" #n "]; }"},
#define SPELL_MIXED(name, A, B, C) {#name, "struct { " #A " a; " #B " b; " #C " c; }"},
    static const std::map<std::string, std::string> all = {
        SCALAR_TYPES(SPELL) BYTE_STRUCTS(SPELL_BYTES) MIXED_STRUCTS(SPELL_MIXED){"ptr", "void *"},
        {"fn", "void (*)(void)"},
        {"one_long_double", "struct { long double a; }"},
        {"two_doubles", "struct { double a, b; }"},
    };
#undef SPELL_MIXED
#undef SPELL_BYTES
#undef SPELL
    return all;
}

std::string spelling(const std::string& name) {
    const std::string& text = spellings().at(name);
    if (text == "value_i128") return "__int128";
    if (text == "complex_float") return "float _Complex";
    if (text == "complex_double") return "double _Complex";
    return text == "complex_long_double" ? "long double _Complex" : text;
}

std::string declaration_of_pick(const std::string& name) {
    const std::string type = spelling(name);
    // A function that returns a function pointer is written around its name; any pointer is passed alike.
    std::string text = (name == "fn" ? "void *" : type) + " pick(int which";
    for (int i = 0; i < 12; i++) text += ", " + type;
    return text + ")";
}

template <class Case>
void dynamic_calls_give_the_direct_result() {
    using T = typename Case::type;
    auto* address = reinterpret_cast<void*>(Case::pick);
    const std::string text = declaration_of_pick(Case::name);
    for (const function& f : {function(address, text), made_by_libffi::from(address, text)}) {
        for (int which = 0; which < 12; which++) {
            const T expected = value<T>(which);
            EXPECT_TRUE(with_twelve<T>([&](auto... v) { return same<T>(expected, f.call<T>(which, v...)); }))
                << text << ", " << which;
        }
    }
}

// Clang before 18 splits an __int128 between the last register and the stack, which the ABI does not.
template <class T>
constexpr bool passed_as_the_abi_says() {
#if defined(__clang__) && __clang_major__ < 18
    return !std::is_same_v<T, value_i128>;
#else
    return true;
#endif
}

template <class Case>
class ffi_values : public ::testing::Test {
protected:
    static void check() {
        if constexpr (!passed_as_the_abi_says<typename Case::type>()) GTEST_SKIP();
        gangway::options opts = test::with_ps(test::ps());
        opts.stack_size = 4 << 20;
        test::run_and_check(opts, &dynamic_calls_give_the_direct_result<Case>);
    }
};

template <class Case>
class ffi_scalars : public ffi_values<Case> {};
TYPED_TEST_SUITE(ffi_scalars, test::scalar_cases, test::case_names);
TYPED_TEST(ffi_scalars, in_every_place) {
    this->check();
}

template <class Case>
class ffi_byte_structs : public ffi_values<Case> {};
TYPED_TEST_SUITE(ffi_byte_structs, test::bytes_cases, test::case_names);
TYPED_TEST(ffi_byte_structs, in_every_place) {
    this->check();
}

template <class Case>
class ffi_mixed_structs : public ffi_values<Case> {};
TYPED_TEST_SUITE(ffi_mixed_structs, test::mixed_cases, test::case_names);
TYPED_TEST(ffi_mixed_structs, in_every_place) {
    this->check();
}

}  // namespace
