/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_c.h"

int bench_add(int a, int b) {
    return a + b;
}
