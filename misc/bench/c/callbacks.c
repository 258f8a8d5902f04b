/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_c.h"

long bench_call_back(int (*cb)(int), int n) {
    long sum = 0;
    for (int i = 0; i < n; i++) sum += cb(i);
    return sum;
}

long bench_call_back_data(int (*cb)(int, void*), void* data, int n) {
    long sum = 0;
    for (int i = 0; i < n; i++) sum += cb(i, data);
    return sum;
}
