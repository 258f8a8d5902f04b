// SPDX-License-Identifier: BSD-3-Clause
#include "basic.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

void issue3729_void(void) {
    errno = E2BIG;
}

int issue3729_int(int a, char b, float c, short d, int e) {
    errno = EINVAL;
    return a + b + (int)c + d + e;
}

int leaves_errno(void) {
    return errno;
}

void set_errno(int e) {
    errno = e;
}

uintptr_t stack_misalignment(void) {
    _Alignas(16) char local[16];
    uintptr_t at = (uintptr_t)local;
    // The compiler believes what it asked for; this makes it look.
    __asm__ volatile("" : "+r"(at) : : "memory");
    return at % 16;
}

size_t big_frame(void) {
    enum { size = 4 << 20, step = 512 };
    volatile unsigned char frame[size];
    for (size_t i = 0; i < size; i += step) frame[i] = (unsigned char)(i / step);
    size_t kept = 0;
    for (size_t i = 0; i < size; i += step) {
        if (frame[i] == (unsigned char)(i / step)) kept += step;
    }
    return kept;
}

void issue5986(char* to, size_t size) {
    volatile double two = 2;
    volatile float tenth = 0.1F;
    snprintf(to, size, "value = %.1f, sqrt = %.5f", (double)tenth, sqrt(two));
}
