// SPDX-License-Identifier: BSD-3-Clause
#include "dynamic.h"

#include <complex.h>
#include <stdarg.h>

int dyn_add(int a, int b) {
    return a + b;
}
int dyn_zero(void) {
    return 0;
}
void dyn_store(int* to, int value) {
    *to = value;
}
int dyn_promotion(signed char sc, signed short ss, unsigned char uc, unsigned short us) {
    return (int)sc + (int)ss + (int)uc + (int)us;
}
int dyn_negative(int x, short y, signed char z) {
    return x + y + z;
}
signed char dyn_s8(signed char x) {
    return x;
}
unsigned char dyn_u8(unsigned char x) {
    return x;
}
short dyn_s16(short x) {
    return x;
}
unsigned short dyn_u16(unsigned short x) {
    return x;
}
int dyn_s32(int x) {
    return x;
}
unsigned dyn_u32(unsigned x) {
    return x;
}
int64_t dyn_s64(int64_t x) {
    return x;
}
uint64_t dyn_u64(uint64_t x) {
    return x;
}
bool dyn_not(bool x) {
    return !x;
}
float dyn_half_f(float x) {
    return x / 2;
}
double dyn_half(double x) {
    return x / 2;
}
long double dyn_half_ld(long double x) {
    return x / 2;
}
void* dyn_pointer(void* p) {
    return p;
}

double dyn_fourteen(int a, double b, long c, float d, short e, double f, char g, float h, void* i, double j,
                    unsigned k, double l, double m, double n) {
    return a + 2 * b + 3 * (double)c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * (double)(uintptr_t)i + 10 * j +
           11 * k + 12 * l + 13 * m + 14 * n;
}
long dyn_nine_longs(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}
double dyn_ten_doubles(double a, double b, double c, double d, double e, double f, double g, double h, double i,
                       double j) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

union dyn_number dyn_next_number(union dyn_number n) {
    n.d += 1;
    return n;
}
union dyn_floats dyn_next_floats(union dyn_floats n) {
    n.f[0] += 1;
    n.f[1] += 2;
    return n;
}
union dyn_bytes dyn_next_bytes(union dyn_bytes n) {
    for (int i = 0; i < 11; i++) n.c[i]++;
    return n;
}
union dyn_long_double dyn_next_long_double(union dyn_long_double n) {
    n.l += 1;
    return n;
}
struct dyn_tagged dyn_next_tagged(struct dyn_tagged n) {
    n.which++;
    n.value.d += 1;
    return n;
}
struct dyn_outer dyn_next_outer(struct dyn_outer o) {
    o.a++;
    o.s.b++;
    o.s.c += 1;
    return o;
}
double dyn_split(double x, double y, long a, long b, long c, long d, long e, struct dyn_long_double_double s) {
    return x + 2 * y + 3 * (double)a + 4 * (double)b + 5 * (double)c + 6 * (double)d + 7 * (double)e +
           8 * (double)s.l + 9 * s.d;
}

_Complex double dyn_conjugate(_Complex double z) {
    return conj(z);
}
struct dyn_complex dyn_next_complex(struct dyn_complex z) {
    z.c++;
    z.z += 1;
    return z;
}

int dyn_sum_ints(int n, ...) {
    va_list args;
    va_start(args, n);
    int sum = 0;
    for (int i = 0; i < n; i++) sum += (i + 1) * va_arg(args, int);
    va_end(args);
    return sum;
}
double dyn_sum_doubles(int n, ...) {
    va_list args;
    va_start(args, n);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (i + 1) * va_arg(args, double);
    va_end(args);
    return sum;
}
double dyn_sum_pairs(float first, int n, ...) {
    va_list args;
    va_start(args, n);
    double sum = first;
    for (int i = 0; i < n; i++) {
        sum += (i + 1) * va_arg(args, double);
        sum += (i + 10) * va_arg(args, int);
    }
    va_end(args);
    return sum;
}
long double dyn_sum_long_doubles(int n, ...) {
    va_list args;
    va_start(args, n);
    long double sum = 0;
    for (int i = 0; i < n; i++) sum += (i + 1) * va_arg(args, long double);
    va_end(args);
    return sum;
}

int dyn_aligned(int a, double b) {
    return ((uintptr_t)__builtin_frame_address(0) % 16 == 0) + a + (int)b;
}
