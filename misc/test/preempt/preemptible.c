// SPDX-License-Identifier: BSD-3-Clause
#include <stdarg.h>

#if defined(__clang__)
#define NO_PROLOGUE __attribute__((no_split_stack))
#else
#define NO_PROLOGUE
#endif

NO_PROLOGUE int preemptible_sum(int n, ...);
int preemptible_nested(int k, void (*ask)(void*), void* arg);

int preemptible_sum(int n, ...) {
    va_list arguments;
    va_start(arguments, n);
    int sum = 0;
    for (int i = 0; i < n; i++) sum += va_arg(arguments, int);
    va_end(arguments);
    return sum;
}

#if defined(__GNUC__) && !defined(__clang__)
int preemptible_nested(int k, void (*ask)(void*), void* arg) {
    __attribute__((noinline)) int add(int x) {
        volatile char frame[64];
        frame[3] = (char)x;
        return frame[3] + k;
    }
    ask(arg);
    return add(3);
}
#else
int preemptible_nested(int k, void (*ask)(void*), void* arg) {
    ask(arg);
    return k + 3;
}
#endif
