// SPDX-License-Identifier: BSD-3-Clause
// What dynamic calls call: narrow types, unions, structs that are hard to classify, variadic functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __clang__
#pragma clang diagnostic ignored "-Wc99-extensions"  // _Complex in C++
#endif

int dyn_add(int a, int b);
int dyn_zero(void);
void dyn_store(int* to, int value);

// libffi's promotion.c: the sum of narrow integers.
int dyn_promotion(signed char sc, signed short ss, unsigned char uc, unsigned short us);
// libffi's negint.c.
int dyn_negative(int x, short y, signed char z);
signed char dyn_s8(signed char x);
unsigned char dyn_u8(unsigned char x);
short dyn_s16(short x);
unsigned short dyn_u16(unsigned short x);
int dyn_s32(int x);
unsigned dyn_u32(unsigned x);
int64_t dyn_s64(int64_t x);
uint64_t dyn_u64(uint64_t x);
bool dyn_not(bool x);
float dyn_half_f(float x);
double dyn_half(double x);
long double dyn_half_ld(long double x);
void* dyn_pointer(void* p);

// Fills both kinds of registers.
double dyn_fourteen(int a, double b, long c, float d, short e, double f, char g, float h, void* i, double j,
                    unsigned k, double l, double m, double n);
long dyn_nine_longs(long a, long b, long c, long d, long e, long f, long g, long h, long i);
double dyn_ten_doubles(double a, double b, double c, double d, double e, double f, double g, double h, double i,
                       double j);

union dyn_number {
    int i;
    float f;
    double d;
};
union dyn_floats {
    float f[2];
    double d;
};
union dyn_bytes {
    char c[11];
    short s;
};
union dyn_long_double {
    long double l;
    int i;
};
struct dyn_tagged {
    int which;
    union dyn_number value;
};
union dyn_number dyn_next_number(union dyn_number n);
union dyn_floats dyn_next_floats(union dyn_floats n);
union dyn_bytes dyn_next_bytes(union dyn_bytes n);
union dyn_long_double dyn_next_long_double(union dyn_long_double n);
struct dyn_tagged dyn_next_tagged(struct dyn_tagged n);

// An int and a float across an eightbyte's end, in a struct of a struct: libffi's issue 848 and its kin.
struct dyn_inner {
    int b;
    float c;
};
struct dyn_outer {
    int a;
    struct dyn_inner s;
};
struct dyn_outer dyn_next_outer(struct dyn_outer o);
// A struct of two registers of different kinds, when one integer register is left.
struct dyn_long_double_double {
    long l;
    double d;
};
double dyn_split(double x, double y, long a, long b, long c, long d, long e, struct dyn_long_double_double s);

_Complex double dyn_conjugate(_Complex double z);
struct dyn_complex {
    char c;
    _Complex float z;
};
struct dyn_complex dyn_next_complex(struct dyn_complex z);

// Sums of what follows: n ints, n doubles, n pairs of a double and an int; n long doubles.
int dyn_sum_ints(int n, ...);
double dyn_sum_doubles(int n, ...);
double dyn_sum_pairs(float first, int n, ...);
long double dyn_sum_long_doubles(int n, ...);

// Whether the stack was aligned at entry, for arguments of any kind.
int dyn_aligned(int a, double b);

#ifdef __cplusplus
}
#endif
