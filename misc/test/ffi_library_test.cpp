// SPDX-License-Identifier: BSD-3-Clause
// Libraries that are loaded by name, and what is found in them.
#include <gangway/ffi.hpp>

#include <cmath>
#include <memory>
#include <string>

#include "ffi_error.hpp"
#include "fixture.hpp"

namespace {

using gangway::ffi::function;
using gangway::ffi::library;
using test::error_of;

// A library and a symbol that are there on every system that the tests run on.
library libm() {
    return library("libm.so.6");
}

}  // namespace

GOROUTINE_TEST(ffi_library, a_function_by_its_declaration) {
    const library m = libm();
    EXPECT_EQ(m["double pow(double, double)"].call<double>(2.0, 10.0), 1024.0);
    EXPECT_EQ(m["float fabsf(float x);"].call<float>(-1.5F), 1.5F);
}

GOROUTINE_TEST(ffi_library, a_function_by_its_type) {
    const library m = libm();
    const auto pow = m.get<double(double, double)>("pow");
    EXPECT_EQ(pow(2, 10), 1024.0);
    EXPECT_EQ(reinterpret_cast<void*>(pow.get()), m.symbol("pow"));
    const auto noexcept_pow = m.get<double(double, double) noexcept>("pow");
    EXPECT_EQ(noexcept_pow(2, 10), 1024.0);
    const std::uint64_t before = gangway::num_cgo_call();
    pow(2, 10);
    EXPECT_EQ(gangway::num_cgo_call(), before + 1);
}

GOROUTINE_TEST(ffi_library, a_variadic_function_by_its_type) {
    const auto print = library("libc.so.6").get<int(char*, std::size_t, const char*, ...)>("snprintf");
    char text[32];
    EXPECT_EQ(print(text, sizeof text, "%.1f %d", 2.5, 7), 5);
    EXPECT_STREQ(text, "2.5 7");
}

GOROUTINE_TEST(ffi_library, this_program) {
    const library self(nullptr);
    EXPECT_NE(self.symbol("malloc"), nullptr);
    EXPECT_EQ(self["size_t strlen(const char*)"].call<std::size_t>("four"), 4u);
}

GOROUTINE_TEST(ffi_library, stays_loaded_while_a_function_lives) {
    auto cosine = std::make_unique<function>(library("libm.so.6")["double cos(double)"]);
    EXPECT_EQ(cosine->call<double>(0.0), 1.0);
    auto typed = libm().get<double(double)>("cos");
    EXPECT_EQ(typed(0), 1.0);
    const library copy = libm();
    EXPECT_EQ(library(copy)["double cos(double)"].call<double>(0.0), 1.0);
}

GOROUTINE_TEST(ffi_library, no_such_library) {
    EXPECT_EQ(error_of([] { library("libgangway_missing.so"); }),
              "gangway::ffi::library('libgangway_missing.so'): libgangway_missing.so: cannot open shared object "
              "file: No "
              "such file or directory");
}

GOROUTINE_TEST(ffi_library, no_such_symbol) {
    const std::string what = error_of([] { libm().symbol("gangway_missing"); });
    EXPECT_EQ(what.substr(0, 64), "gangway::ffi::library('libm.so.6'): symbol 'gangway_missing': /l") << what;
    EXPECT_NE(what.find("undefined symbol: gangway_missing"), std::string::npos) << what;
    EXPECT_EQ(error_of([] { libm()["int gangway_missing(int)"]; }), what);
    EXPECT_EQ(error_of([] { libm().get<int(int)>("gangway_missing"); }), what);
    EXPECT_NE(error_of([] { library(nullptr).symbol("gangway_missing"); }).find("library(nullptr): symbol"),
              std::string::npos);
}

GOROUTINE_TEST(ffi_library, declarations_without_a_name) {
    EXPECT_EQ(error_of([] { libm()["double (double)"]; }),
              "gangway::ffi::library::operator[]: the function has no name\n  double (double)\n         ^");
    EXPECT_EQ(error_of([] { libm()["doble pow(double)"]; }),
              "gangway::ffi::library::operator[]: unknown type 'doble': write the type that it stands for\n"
              "  doble pow(double)\n"
              "  ^");
}

TEST(ffi_library, on_a_plain_thread) {
    EXPECT_EQ(libm()["double pow(double, double)"].call<double>(2.0, 10.0), 1024.0);
}
