// SPDX-License-Identifier: BSD-3-Clause
#include "values.h"

#define DEFINE_PICK(name, T)                                              \
    T pick_##name(int which, TWELVE(T)) {                                 \
        switch (which) {                                                  \
            case 0:                                                       \
                return a0;                                                \
            case 1:                                                       \
                return a1;                                                \
            case 2:                                                       \
                return a2;                                                \
            case 3:                                                       \
                return a3;                                                \
            case 4:                                                       \
                return a4;                                                \
            case 5:                                                       \
                return a5;                                                \
            case 6:                                                       \
                return a6;                                                \
            case 7:                                                       \
                return a7;                                                \
            case 8:                                                       \
                return a8;                                                \
            case 9:                                                       \
                return a9;                                                \
            case 10:                                                      \
                return a10;                                               \
            default:                                                      \
                return a11;                                               \
        }                                                                 \
    }                                                                     \
    T through_##name(pick_##name##_t f, int which, TWELVE(T)) {           \
        T r = f(which, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11); \
        return r;                                                         \
    }
#define DEFINE_PICK_BYTES(n) DEFINE_PICK(bytes##n, struct bytes##n)
#define DEFINE_PICK_MIXED(name, A, B, C) DEFINE_PICK(name, struct name)

SCALAR_TYPES(DEFINE_PICK)
POINTER_TYPES(DEFINE_PICK)
BYTE_STRUCTS(DEFINE_PICK_BYTES)
MIXED_STRUCTS(DEFINE_PICK_MIXED)
DEFINE_PICK(one_long_double, struct one_long_double)
DEFINE_PICK(two_doubles, struct two_doubles)

double many_mixed(int a, double b, int64_t c, float d, const char* e, int8_t f, double g, uint16_t h, float i,
                  int j, double k, int64_t l, double m, float n, double o, double p, int q, double r,
                  long double s) {
    const double values[] = {a, b, (double)c, d, e[0], f, g, h, i, j, k, (double)l, m, n, o, p, q, r, (double)s};
    double sum = 0;
    double place = 1;
    for (unsigned n_th = 0; n_th < sizeof values / sizeof values[0]; n_th++, place += 1)
        sum += place * values[n_th];
    return sum;
}
