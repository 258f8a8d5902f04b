// SPDX-License-Identifier: BSD-3-Clause
#include "callback_args.h"

#include <string.h>

static void __attribute__((noinline)) dirty_stack(void) {
    volatile unsigned char junk[4096];
    memset((void*)junk, 0xff, sizeof junk);
    __asm__ volatile("" : : "r"(junk) : "memory");
}

int64_t call_with_text(int64_t (*f)(struct text)) {
    struct text t = {"say", 3};
    dirty_stack();
    return f(t);
}

uint64_t issue6833(uint64_t (*f)(unsigned, uint64_t), unsigned x, uint64_t y) {
    dirty_stack();
    return f(x, y);
}

int issue5548(int (*f)(const char*, int), const char* s, int n) {
    dirty_stack();
    return f(s, n);
}

int64_t issue20910(struct two_results (*f)(int, int, int, int, int, int)) {
    dirty_stack();
    struct two_results r = f(1, 2, 3, 4, 5, 6);
    return r.first * 1000 + r.second;
}

int64_t return_after(int64_t (*f)(int), int64_t* result) {
    *result = f(128);
    return 123456;
}
