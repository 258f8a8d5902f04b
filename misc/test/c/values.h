// SPDX-License-Identifier: BSD-3-Clause
// A value of every type that C passes and returns: in integer registers, in vector registers, on the x87 stack, in two
// registers of different kinds, in memory.
//
// For each type T of the lists, called NAME:
//   T pick_NAME(int which, T a0, ..., T a11)      the argument at `which`; most of them are past the registers
//   T through_NAME(f, int which, T a0, ..., T a11)  the same by way of a callback that has pick_NAME's type
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__
#pragma clang diagnostic ignored "-Wc99-extensions"  // _Complex in C++
#endif

typedef void (*function_pointer)(void);
__extension__ typedef __int128 value_i128;
__extension__ typedef __complex__ float complex_float;
__extension__ typedef __complex__ double complex_double;
__extension__ typedef __complex__ long double complex_long_double;

#define SCALAR_TYPES(X)    \
    X(i8, int8_t)          \
    X(u8, uint8_t)         \
    X(i16, int16_t)        \
    X(u16, uint16_t)       \
    X(i32, int32_t)        \
    X(u32, uint32_t)       \
    X(i64, int64_t)        \
    X(u64, uint64_t)       \
    X(i128, value_i128)    \
    X(f32, float)          \
    X(f64, double)         \
    X(f80, long double)    \
    X(c32, complex_float)  \
    X(c64, complex_double) \
    X(c80, complex_long_double)

#define POINTER_TYPES(X) \
    X(ptr, void*)        \
    X(fn, function_pointer)

// Arrays of bytes in a struct, of every size that fits in two registers and some that do not.
#define BYTE_STRUCTS(X) \
    X(1)                \
    X(2)                \
    X(3)                \
    X(4)                \
    X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(24) X(32) X(33) X(64) X(116) X(200)

#define DECLARE_BYTES(n) \
    struct bytes##n {    \
        uint8_t b[n];    \
    };
BYTE_STRUCTS(DECLARE_BYTES)

// Three members each, so that one macro can make and compare them.
#define MIXED_STRUCTS(X)                        \
    X(chars_int, int8_t, int16_t, int32_t)      \
    X(int_float, int32_t, float, int32_t)       \
    X(floats3, float, float, float)             \
    X(float_double, float, float, double)       \
    X(double_int, double, int32_t, int16_t)     \
    X(long_pair_float, uint64_t, float, float)  \
    X(pointer_short, int64_t, int16_t, uint8_t) \
    X(doubles3, double, double, double)         \
    X(spread, float, double, int32_t)           \
    X(with_long_double, int32_t, long double, float)

#define DECLARE_MIXED(name, A, B, C) \
    struct name {                    \
        A a;                         \
        B b;                         \
        C c;                         \
    };
MIXED_STRUCTS(DECLARE_MIXED)

struct one_long_double {
    long double a;
};
struct two_doubles {
    double a, b;
};

#define TWELVE(T) T a0, T a1, T a2, T a3, T a4, T a5, T a6, T a7, T a8, T a9, T a10, T a11

#define DECLARE_PICK(name, T)                     \
    typedef T (*pick_##name##_t)(int, TWELVE(T)); \
    T pick_##name(int which, TWELVE(T));          \
    T through_##name(pick_##name##_t f, int which, TWELVE(T));
#define DECLARE_PICK_BYTES(n) DECLARE_PICK(bytes##n, struct bytes##n)
#define DECLARE_PICK_MIXED(name, A, B, C) DECLARE_PICK(name, struct name)

SCALAR_TYPES(DECLARE_PICK)
POINTER_TYPES(DECLARE_PICK)
BYTE_STRUCTS(DECLARE_PICK_BYTES)
MIXED_STRUCTS(DECLARE_PICK_MIXED)
DECLARE_PICK(one_long_double, struct one_long_double)
DECLARE_PICK(two_doubles, struct two_doubles)

// Nineteen arguments of all kinds, in turn: a number in which each has its own place.
double many_mixed(int a, double b, int64_t c, float d, const char* e, int8_t f, double g, uint16_t h, float i,
                  int j, double k, int64_t l, double m, float n, double o, double p, int q, double r,
                  long double s);

#ifdef __cplusplus
}
#endif
