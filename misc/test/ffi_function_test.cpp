// SPDX-License-Identifier: BSD-3-Clause
// Dynamic calls: what C gets and gives back, and what does not fit the declaration. (ffi_values_test.cpp has every type,
// ffi_signatures_test.cpp mixtures of them.)
#include <gangway/ffi.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "c/dynamic.h"
#include "c/values.h"
#include "ffi/prepared.hpp"
#include "ffi_error.hpp"
#include "fixture.hpp"

namespace {

using gangway::ffi::function;
using gangway::ffi::made_by_libffi;
using test::error_of;

template <class F>
function to(F* fn, std::string_view declaration) {
    return function(reinterpret_cast<void*>(fn), declaration);
}

// check(f) with f made in each way that a call may take. (No SCOPED_TRACE: that is the thread's, and a goroutine may be on
// another one after a call.)
template <class F, class Check>
void either_way(F* fn, std::string_view declaration, Check check) {
    const bool failed_before = ::testing::Test::HasFailure();
    check(to(fn, declaration));
    const bool failed_by_plan = ::testing::Test::HasFailure();
    check(made_by_libffi::from(reinterpret_cast<void*>(fn), declaration));
    if (!failed_before && ::testing::Test::HasFailure())
        ADD_FAILURE() << declaration << (failed_by_plan ? ", planned where possible" : ", by libffi");
}

}  // namespace

GOROUTINE_TEST(ffi_function, scalars_in_registers) {
    either_way(&dyn_add, "int add(int, int)", [](const function& f) { EXPECT_EQ(f.call<int>(3, -5), -2); });
    either_way(&dyn_zero, "int zero(void)", [](const function& f) { EXPECT_EQ(f.call<int>(), 0); });
    either_way(&dyn_store, "void store(int*, int)", [](const function& f) {
        int n = 0;
        f.call<void>(&n, 7);
        EXPECT_EQ(n, 7);
    });
    either_way(&dyn_not, "_Bool (_Bool)", [](const function& f) {
        EXPECT_TRUE(f.call<bool>(false));
        EXPECT_FALSE(f.call<bool>(true));
    });
    either_way(&dyn_half_f, "float (float)", [](const function& f) { EXPECT_EQ(f.call<float>(5.0F), 2.5F); });
    either_way(&dyn_half, "double (double)", [](const function& f) { EXPECT_EQ(f.call<double>(5.0), 2.5); });
    either_way(&dyn_half_ld, "long double (long double)",
               [](const function& f) { EXPECT_EQ(f.call<long double>(5.0L), 2.5L); });
    either_way(&dyn_pointer, "void *(const void *)", [](const function& f) {
        EXPECT_EQ(f.call<void*>(static_cast<const void*>(&f)), &f);
        EXPECT_EQ(f.call<void*>(nullptr), nullptr);
        EXPECT_STREQ(f.call<const char*>("text"), "text");
        EXPECT_EQ(f.call<void*>(&dyn_add), reinterpret_cast<void*>(&dyn_add));
        EXPECT_EQ(f.call<void*>(dyn_add), reinterpret_cast<void*>(&dyn_add));
        EXPECT_EQ(f.call<std::nullptr_t>(nullptr), nullptr);
    });
}

GOROUTINE_TEST(ffi_function, every_register) {
    either_way(
        &dyn_fourteen,
        "double (int, double, long, float, short, double, char, float, void*, double, unsigned, double, double, "
        "double)",
        [](const function& f) {
            auto* p = reinterpret_cast<void*>(1000);
            const double expected = dyn_fourteen(-1, 2.5, -3L, 4.5F, short{-5}, 6.5, char{7}, 8.5F, p, 10.5,
                                                 4000000000U, 12.5, 13.5, 14.5);
            EXPECT_EQ(f.call<double>(-1, 2.5, -3L, 4.5F, short{-5}, 6.5, char{7}, 8.5F, p, 10.5, 4000000000U, 12.5,
                                     13.5, 14.5),
                      expected);
        });
}

GOROUTINE_TEST(ffi_function, more_than_the_registers) {
    either_way(
        &dyn_nine_longs, "long (long, long, long, long, long, long, long, long, long)", [](const function& f) {
            EXPECT_EQ(f.call<long>(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L), dyn_nine_longs(1, 2, 3, 4, 5, 6, 7, 8, 9));
        });
    either_way(&dyn_ten_doubles, "double (double,double,double,double,double,double,double,double,double,double)",
               [](const function& f) {
                   EXPECT_EQ(f.call<double>(1., 2., 3., 4., 5., 6., 7., 8., 9., 10.),
                             dyn_ten_doubles(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
               });
    const auto f =
        to(&many_mixed,
           "double (int, double, int64_t, float, const char*, int8_t, double, uint16_t, float, int, double, "
           "int64_t, double, float, double, double, int, double, long double)");
    auto by = [](auto call) {
        return call(1, 2.5, std::int64_t{-3}, 4.25F, static_cast<const char*>("e"), std::int8_t{-6}, 7.0,
                    std::uint16_t{65535}, 9.5F, 10, 11.5, std::int64_t{1} << 40, 13.0, 14.0F, 15.0, 16.0, -17,
                    18.5, 19.0L);
    };
    EXPECT_EQ(by([&](auto... v) { return f.call<double>(v...); }), by([](auto... v) { return many_mixed(v...); }));
}

// libffi's promotion.c, negint.c and return_*.c.
GOROUTINE_TEST(ffi_function, narrow_integers_are_extended) {
    either_way(
        &dyn_promotion, "int (signed char, signed short, unsigned char, unsigned short)", [](const function& f) {
            for (int sc = -127; sc <= 120; sc += 27) {
                for (int ss = -30000; ss <= 30000; ss += 10000) {
                    for (int uc = 0; uc <= 200; uc += 50) {
                        for (int us = 0; us <= 60000; us += 20000) {
                            const int sum =
                                f.call<int>(static_cast<signed char>(sc), static_cast<short>(ss),
                                            static_cast<unsigned char>(uc), static_cast<unsigned short>(us));
                            ASSERT_EQ(sum, sc + ss + uc + us);
                        }
                    }
                }
            }
        });
    either_way(&dyn_negative, "int (int, short, signed char)",
               [](const function& f) { EXPECT_EQ(f.call<int>(-1, short{-2}, static_cast<signed char>(-3)), -6); });
}

namespace {

template <class T>
void limits_come_back(T (*fn)(T), std::string_view declaration) {
    either_way(fn, declaration, [](const function& f) {
        for (T v :
             {std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T{0}, T{1}, static_cast<T>(-1)}) {
            EXPECT_EQ(f.call<T>(v), v);
            // The result takes its own bytes and no more.
            T results[3] = {T{42}, T{0}, T{42}};
            void* args[] = {&v};
            f.invoke(&results[1], args);
            EXPECT_EQ(results[0], T{42});
            EXPECT_EQ(results[1], v);
            EXPECT_EQ(results[2], T{42});
            f.invoke(nullptr, args);
        }
    });
}

}  // namespace

GOROUTINE_TEST(ffi_function, results_have_their_own_size) {
    limits_come_back(&dyn_s8, "signed char (signed char)");
    limits_come_back(&dyn_u8, "unsigned char (unsigned char)");
    limits_come_back(&dyn_s16, "short (short)");
    limits_come_back(&dyn_u16, "unsigned short (unsigned short)");
    limits_come_back(&dyn_s32, "int (int)");
    limits_come_back(&dyn_u32, "unsigned (unsigned)");
    limits_come_back(&dyn_s64, "int64_t (int64_t)");
    limits_come_back(&dyn_u64, "uint64_t (uint64_t)");
}

GOROUTINE_TEST(ffi_function, unions) {
    const auto number = to(&dyn_next_number, "union n { int i; float f; double d; } next(union n)");
    EXPECT_EQ(number.call<dyn_number>(dyn_number{.d = 1.5}).d, 2.5);
    const auto floats = to(&dyn_next_floats, "union n { float f[2]; double d; } next(union n)");
    EXPECT_EQ(floats.call<dyn_floats>(dyn_floats{{1.5F, 2.5F}}).f[0], 2.5F);
    EXPECT_EQ(floats.call<dyn_floats>(dyn_floats{{1.5F, 2.5F}}).f[1], 4.5F);
    const auto bytes = to(&dyn_next_bytes, "union n { char c[11]; short s; } next(union n)");
    EXPECT_STREQ(bytes.call<dyn_bytes>(dyn_bytes{"abcdefghij"}).c, "bcdefghijk\x01");
    const auto wide = to(&dyn_next_long_double, "union n { long double l; int i; } next(union n)");
    EXPECT_EQ(wide.call<dyn_long_double>(dyn_long_double{1.5L}).l, 2.5L);
    const auto tagged =
        to(&dyn_next_tagged, "struct t { int which; union { int i; float f; double d; } value; } next(struct t)");
    const auto next = tagged.call<dyn_tagged>(dyn_tagged{1, {.d = 1.5}});
    EXPECT_EQ(next.which, 2);
    EXPECT_EQ(next.value.d, 2.5);
}

GOROUTINE_TEST(ffi_function, structs_that_are_hard_to_classify) {
    const auto outer = to(&dyn_next_outer, "struct o { int a; struct { int b; float c; } s; } next(struct o)");
    const auto next = outer.call<dyn_outer>(dyn_outer{1, {2, 3.5F}});
    EXPECT_EQ(next.a, 2);
    EXPECT_EQ(next.s.b, 3);
    EXPECT_EQ(next.s.c, 4.5F);
    const auto split =
        to(&dyn_split, "double (double, double, long, long, long, long, long, struct { long l; double d; })");
    const dyn_long_double_double last{8, 9.5};
    EXPECT_EQ(split.call<double>(1.5, 2.5, 3L, 4L, 5L, 6L, 7L, last), dyn_split(1.5, 2.5, 3, 4, 5, 6, 7, last));
}

GOROUTINE_TEST(ffi_function, complex_numbers) {
    const auto conjugate = to(&dyn_conjugate, "double _Complex conjugate(double _Complex)");
    EXPECT_EQ(conjugate.call<std::complex<double>>(std::complex<double>(1.5, 2.5)),
              std::complex<double>(1.5, -2.5));
    struct with_complex {
        char c;
        std::complex<float> z;
    };
    const auto next = to(&dyn_next_complex, "struct z { char c; float _Complex z; } next(struct z)");
    const auto z = next.call<with_complex>(with_complex{1, {1.5F, 2.5F}});
    EXPECT_EQ(z.c, 2);
    EXPECT_EQ(z.z, std::complex<float>(2.5F, 2.5F));
}

GOROUTINE_TEST(ffi_function, variadic) {
    either_way(&dyn_sum_ints, "int sum(int n, ..., int, int, int)",
               [](const function& f) { EXPECT_EQ(f.call<int>(3, 10, 20, 30), 140); });
    either_way(&dyn_sum_ints, "int sum(int n, ..., int, int, int, int, int, int, int, int)",
               [](const function& f) {
                   EXPECT_EQ(f.call<int>(8, 1, 2, 3, 4, 5, 6, 7, 8), dyn_sum_ints(8, 1, 2, 3, 4, 5, 6, 7, 8));
               });
    either_way(&dyn_sum_doubles, "double sum(int n, ..., double, double)",
               [](const function& f) { EXPECT_EQ(f.call<double>(2, 1.5, 2.5), 6.5); });
    either_way(&dyn_sum_pairs, "double sum(float, int n, ..., double, int, double, int)", [](const function& f) {
        EXPECT_EQ(f.call<double>(0.5F, 2, 1.5, 2, 3.5, 4), dyn_sum_pairs(0.5F, 2, 1.5, 2, 3.5, 4));
    });
    either_way(&dyn_sum_long_doubles, "long double sum(int n, ..., long double, long double)",
               [](const function& f) { EXPECT_EQ(f.call<long double>(2, 1.5L, 2.5L), 6.5L); });
    char text[64];
    either_way(&snprintf, "int snprintf(char*, size_t, const char*, ..., double, int, const char*)",
               [&](const function& f) {
                   EXPECT_EQ(f.call<int>(text, sizeof text, "%.2f %d %s", 2.5, -7, "x"), 9);
                   EXPECT_STREQ(text, "2.50 -7 x");
               });
}

namespace {

enum class colour : unsigned char { red = 200 };

}  // namespace

GOROUTINE_TEST(ffi_function, enums_are_their_integers) {
    const auto f = to(&dyn_u8, "uint8_t (uint8_t)");
    EXPECT_EQ(f.call<colour>(colour::red), colour::red);
}

// libffi's overread.c: arguments at the end of a page that nothing follows.
GOROUTINE_TEST(ffi_function, arguments_are_not_read_beyond_their_end) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* pages = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(pages, MAP_FAILED);
    char* end = static_cast<char*>(pages) + page;
    ASSERT_EQ(mprotect(end, page, PROT_NONE), 0);
    auto at_end = [end](auto value) -> void* {
        std::memcpy(end - sizeof value, &value, sizeof value);
        return end - sizeof value;
    };
    either_way(&dyn_s8, "signed char (signed char)", [&](const function& f) {
        void* args[] = {at_end(static_cast<signed char>(-3))};
        signed char result = 0;
        f.invoke(&result, args);
        EXPECT_EQ(result, -3);
    });
    either_way(&dyn_u16, "unsigned short (unsigned short)", [&](const function& f) {
        void* args[] = {at_end(std::uint16_t{40000})};
        std::uint16_t result = 0;
        f.invoke(&result, args);
        EXPECT_EQ(result, 40000);
    });
    either_way(&dyn_half_f, "float (float)", [&](const function& f) {
        void* args[] = {at_end(5.0F)};
        float result = 0;
        f.invoke(&result, args);
        EXPECT_EQ(result, 2.5F);
    });
    const auto outer = to(&dyn_next_outer, "struct o { int a; struct { int b; float c; } s; } next(struct o)");
    void* args[] = {at_end(dyn_outer{1, {2, 3.5F}})};
    void* result = end - sizeof(dyn_outer);
    outer.invoke(result, args);
    EXPECT_EQ(static_cast<dyn_outer*>(result)->s.c, 4.5F);
    munmap(pages, 2 * page);
}

GOROUTINE_TEST(ffi_function, the_stack_is_aligned) {
    either_way(&dyn_aligned, "int (int, double)",
               [](const function& f) { EXPECT_EQ(f.call<int>(10, 100.0), 111); });
}

// --- What does not fit ---------------------------------------------------------------------------------------------

GOROUTINE_TEST(ffi_function, arguments_that_do_not_fit) {
    const auto add = to(&dyn_add, "int add(int a, unsigned b)");
    EXPECT_EQ(
        error_of([&] { add.call<int>(1); }),
        "gangway::ffi::function::call: 1 argument for 2 parameters\n  int add(int a, unsigned b)\n         ^");
    EXPECT_EQ(
        error_of([&] { add.call<int>(1, 2u, 3); }),
        "gangway::ffi::function::call: 3 arguments for 2 parameters\n  int add(int a, unsigned b)\n         ^");
    EXPECT_EQ(error_of([&] { add.call<int>(1.0, 2u); }),
              "gangway::ffi::function::call: argument 1 is double, parameter 1 is int\n"
              "  int add(int a, unsigned b)\n"
              "          ^");
    EXPECT_EQ(error_of([&] { add.call<int>(1, 2); }),
              "gangway::ffi::function::call: argument 2 is int, parameter 2 is unsigned int\n"
              "  int add(int a, unsigned b)\n"
              "                 ^");
    EXPECT_EQ(error_of([&] { add.call<int>(1L, 2u); }),
              "gangway::ffi::function::call: argument 1 is long, parameter 1 is int\n"
              "  int add(int a, unsigned b)\n"
              "          ^");
    EXPECT_EQ(error_of([&] { add.call<int>(1, nullptr); }),
              "gangway::ffi::function::call: argument 2 is pointer, parameter 2 is unsigned int\n"
              "  int add(int a, unsigned b)\n"
              "                 ^");
    EXPECT_EQ(error_of([&] { add.call<int>(true, 2u); }),
              "gangway::ffi::function::call: argument 1 is _Bool, parameter 1 is int\n"
              "  int add(int a, unsigned b)\n"
              "          ^");
    EXPECT_EQ(error_of([&] { add.call<long>(1, 2u); }),
              "gangway::ffi::function::call: the result is asked for as long, and is int\n"
              "  int add(int a, unsigned b)\n"
              "  ^");
    EXPECT_EQ(error_of([&] { add.call<void>(1, 2u); }),
              "gangway::ffi::function::call: the result is asked for as void, and is int\n"
              "  int add(int a, unsigned b)\n"
              "  ^");
    EXPECT_EQ(add.call<int>(1, 2u), 3);
}

GOROUTINE_TEST(ffi_function, structs_that_do_not_fit) {
    struct larger {
        long a, b;
    };
    const auto outer = to(&dyn_next_outer, "struct o { int a; struct { int b; float c; } s; } next(struct o)");
    EXPECT_EQ(error_of([&] {
                  outer.call<dyn_outer>(larger{1, 2});
              }),
              "gangway::ffi::function::call: argument 1 is struct or union of 16 bytes aligned to 8, parameter 1 "
              "is struct "
              "or union of 12 bytes aligned to 4\n"
              "  struct o { int a; struct { int b; float c; } s; } next(struct o)\n"
              "                                                         ^");
    EXPECT_EQ(error_of([&] { outer.call<dyn_outer>(std::complex<double>(1, 2)); }).substr(0, 66),
              "gangway::ffi::function::call: argument 1 is double _Complex, param");
}

// --- Over the bridge -----------------------------------------------------------------------------------------------

namespace {

struct refused {
    int value;
};

int throws(int value) {
    throw refused{value};
}

int descending(const void* a, const void* b) {
    gangway::gosched();
    return *static_cast<const int*>(b) - *static_cast<const int*>(a);
}

int refuses(const void*, const void*) {
    throw refused{3};
}

bool on_a_goroutines_stack() {
    return gangway::on_goroutine();
}

using compare_fn = int(const void*, const void*);

}  // namespace

GOROUTINE_TEST(ffi_bridge, counts_as_a_call) {
    either_way(&dyn_add, "int (int, int)", [](const function& f) {
        const std::uint64_t before = gangway::num_cgo_call();
        f.call<int>(1, 2);
        EXPECT_GT(gangway::num_cgo_call(), before);
    });
}

GOROUTINE_TEST(ffi_bridge, an_exception_of_the_callee_comes_out) {
    either_way(&throws, "int (int)", [](const function& f) {
        for (int i = 0; i < 100; i++) {
            try {
                f.call<int>(i);
                ADD_FAILURE();
            } catch (const refused& r) {
                EXPECT_EQ(r.value, i);
            }
        }
    });
}

GOROUTINE_TEST(ffi_bridge, callbacks_run_on_the_goroutine) {
    either_way(&qsort, "void qsort(void*, size_t, size_t, int (*)(const void*, const void*))",
               [](const function& f) {
                   int numbers[] = {5, 2, 4, 1, 3};
                   f.call<void>(numbers, std::size(numbers), sizeof numbers[0], gangway::exported<&descending>);
                   EXPECT_TRUE(std::ranges::is_sorted(numbers, std::greater<>()));
               });
}

GOROUTINE_TEST(ffi_bridge, an_exception_of_a_callback_comes_out) {
    either_way(
        &qsort, "void qsort(void*, size_t, size_t, int (*)(const void*, const void*))", [](const function& f) {
            int numbers[] = {5, 2, 4, 1, 3};
            EXPECT_THROW(f.call<void>(numbers, std::size(numbers), sizeof numbers[0], gangway::exported<&refuses>),
                         refused);
        });
}

TEST(ffi_bridge, a_plain_call_on_a_plain_thread) {
    either_way(&dyn_add, "int (int, int)", [](const function& f) { EXPECT_EQ(f.call<int>(1, 2), 3); });
    either_way(&throws, "int (int)", [](const function& f) { EXPECT_THROW(f.call<int>(1), refused); });
    either_way(&on_a_goroutines_stack, "bool ()", [](const function& f) { EXPECT_FALSE(f.call<bool>()); });
}

GOROUTINE_TEST(ffi_bridge, inside_a_call_it_is_a_plain_one) {
    either_way(&dyn_add, "int (int, int)",
               [](const function& f) { EXPECT_EQ(gangway::call([&] { return f.call<int>(1, 2); }), 3); });
}

// libffi's threads/tsan.c: one function, many at once.
GOROUTINE_TEST(ffi_bridge, many_goroutines_share_a_function) {
    const auto add = to(&dyn_add, "int (int, int)");
    const auto outer = to(&dyn_next_outer, "struct o { int a; struct { int b; float c; } s; } next(struct o)");
    gangway::wait_group all;
    for (int i = 0; i < 20; i++) {
        all.go([&, i] {
            for (int k = 0; k < 100; k++) {
                EXPECT_EQ(add.call<int>(i, k), i + k);
                EXPECT_EQ(outer.call<dyn_outer>(dyn_outer{i, {k, 0}}).s.b, k + 1);
                if (k % 10 == 0) {
                    const auto mine = to(&dyn_add, "int (int, int)");
                    EXPECT_EQ(mine.call<int>(i, k), i + k);
                }
            }
        });
    }
    all.wait();
}
