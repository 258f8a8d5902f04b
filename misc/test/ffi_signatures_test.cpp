// SPDX-License-Identifier: BSD-3-Clause
// Thousands of generated signatures (signatures/), each called by way of a plan where one fits and by way of libffi,
// against C functions that the compiler made. -DGANGWAY_SIGNATURES_SEED=N generates others; failures name the seed.
#include <gangway/ffi.hpp>

#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "ffi/prepared.hpp"
#include "fixture.hpp"
#include "signatures/signatures.h"

namespace {

using gangway::ffi::function;
using gangway::ffi::made_by_libffi;
using gangway::ffi::type;

template <class T>
void write_as(std::uint64_t number, void* to) {
    const T value =
        std::is_floating_point_v<T> ? static_cast<T>(signature_halves(number)) / 2 : static_cast<T>(number);
    std::memcpy(to, &value, sizeof value);
}

template <class T>
std::uint64_t read_as(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::is_floating_point_v<T>) {
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value * 2));
    } else {
        return static_cast<std::uint64_t>(value);
    }
}

// f(T{}) with the leaf's type.
template <class F>
auto with_type(const leaf& l, F f) {
    switch (l.kind) {
        case leaf_bool:
            return f(false);
        case leaf_f32:
            return f(0.0F);
        case leaf_f64:
            return f(0.0);
        case leaf_f80:
            return f(0.0L);
        case leaf_signed:
            return l.size == 1   ? f(std::int8_t{})
                   : l.size == 2 ? f(std::int16_t{})
                   : l.size == 4 ? f(std::int32_t{})
                                 : f(std::int64_t{});
        default:
            return l.size == 1   ? f(std::uint8_t{})
                   : l.size == 2 ? f(std::uint16_t{})
                   : l.size == 4 ? f(std::uint32_t{})
                                 : f(std::uint64_t{});
    }
}

// Memory of exactly a type's size, of its alignment.
class value {
public:
    explicit value(const signature_type& t) : type_(t), bytes_(new char[t.size]) {
        std::memset(bytes_.get(), 0x5a, t.size);
    }
    void* at() const { return bytes_.get(); }
    void write(const leaf& l, std::uint64_t number) {
        if (l.kind == leaf_bool) number &= 1;
        with_type(l, [&](auto t) { write_as<decltype(t)>(number, bytes_.get() + l.offset); });
    }
    std::uint64_t read(const leaf& l) const {
        return with_type(l, [&](auto t) { return read_as<decltype(t)>(bytes_.get() + l.offset); });
    }
    std::span<const leaf> leaves() const { return {type_.leaves, type_.leaf_count}; }

private:
    const signature_type& type_;
    std::unique_ptr<char[]> bytes_;
};

std::mt19937_64 random_bits;

struct arguments {
    std::vector<value> values;
    std::vector<void*> pointers;
    std::uint64_t hash;
};

arguments random_arguments(const signature& s, std::size_t number) {
    arguments all;
    all.hash = number;
    for (int i = 0; i < s.parameter_count; i++) {
        value& v = all.values.emplace_back(signature_types[s.types[i + 1]]);
        for (const leaf& l : v.leaves()) {
            v.write(l, random_bits());
            all.hash = signature_mix(all.hash, v.read(l));
        }
        all.pointers.push_back(v.at());
    }
    return all;
}

void expect_result(const signature& s, const value& got, std::uint64_t hash) {
    value expected(signature_types[s.types[0]]);
    std::uint64_t n = 0;
    for (const leaf& l : expected.leaves()) {
        expected.write(l, signature_result(hash, n++));
        ASSERT_EQ(got.read(l), expected.read(l)) << "result, at byte " << l.offset;
    }
}

void check_call(const function& f, const signature& s, std::size_t number) {
    const arguments args = random_arguments(s, number);
    signature_hash = ~args.hash;
    if (s.types[0] < 0) {
        f.invoke(nullptr, args.pointers.data());
        ASSERT_EQ(signature_hash, args.hash) << "arguments";
        return;
    }
    const value result(signature_types[s.types[0]]);
    f.invoke(result.at(), args.pointers.data());
    ASSERT_EQ(signature_hash, args.hash) << "arguments";
    expect_result(s, result, args.hash);
}

std::string where(const signature& s, std::size_t number) {
    return "signature " + std::to_string(number) + " of seed " + std::to_string(signature_seed) + ": " +
           s.declaration;
}

template <class Make>
void check_all(Make make) {
    random_bits.seed(signature_seed);
    for (std::size_t i = 0; i < signature_count; i++) {
        const signature& s = signatures[i];
        const function f = make(reinterpret_cast<void*>(s.address), s.declaration);
        for (int round = 0; round < test::sized(10); round++) {
            check_call(f, s, i);
            if (::testing::Test::HasFatalFailure()) FAIL() << where(s, i);
        }
    }
}

}  // namespace

GOROUTINE_TEST(ffi_signatures, as_they_are_called) {
    std::printf("%zu signatures of seed %lu\n", signature_count, signature_seed);
    check_all([](void* address, const char* text) { return function(address, text); });
}

GOROUTINE_TEST(ffi_signatures, all_by_libffi) {
    check_all([](void* address, const char* text) { return made_by_libffi::from(address, text); });
}

TEST(ffi_signatures, layouts_are_the_compilers) {
    for (std::size_t i = 0; i < signature_count; i++) {
        const signature& s = signatures[i];
        const function f(reinterpret_cast<void*>(s.address), s.declaration);
        for (int k = 0; k < s.parameter_count; k++) {
            const signature_type& expected = signature_types[s.types[k + 1]];
            ASSERT_EQ(f.parameter(static_cast<std::size_t>(k)).size(), expected.size) << where(s, i);
            ASSERT_EQ(f.parameter(static_cast<std::size_t>(k)).alignment(), expected.alignment) << where(s, i);
        }
    }
}
