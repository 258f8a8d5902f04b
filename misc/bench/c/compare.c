/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_c.h"

long bench_compares;

int bench_compare(const void* a, const void* b) {
    int x = *(const int*)a, y = *(const int*)b;
    return (x > y) - (x < y);
}

int bench_compare_counting(const void* a, const void* b) {
    bench_compares++;
    return bench_compare(a, b);
}
