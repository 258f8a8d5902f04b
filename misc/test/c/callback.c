// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "callback.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int callback(void (*f)(void*), void* p) {
    enum { size = 64 * 1024 };
    volatile unsigned char data[size];
    for (size_t i = 0; i < size; i++) data[i] = (unsigned char)(i * 7 + 1);
    f(p);
    int changed = 0;
    for (size_t i = 0; i < size; i++) changed += data[i] != (unsigned char)(i * 7 + 1);
    return changed;
}

void call_times(void (*f)(void), int n) {
    for (int i = 0; i < n; i++) f();
}

int64_t sum_of(int64_t (*f)(int64_t), int64_t n) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += f(i);
    return sum;
}

int result_of(int (*f)(void*), void* p) {
    return f(p);
}

void call_then_count(void (*f)(void*), void* p, int* after) {
    f(p);
    ++*after;
}

int count_failures(int (*f)(int), int n) {
    int failures = 0;
    for (int i = 0; i < n; i++) failures += f(i) == -1;
    return failures;
}

int errno_across(void (*f)(void*), void* p, int before) {
    errno = before;
    f(p);
    return errno;
}

int64_t thread_id(void) {
    return syscall(SYS_gettid);
}

int same_thread_across(void (*f)(void*), void* p) {
    int64_t before = thread_id();
    f(p);
    return before == thread_id();
}
