// SPDX-License-Identifier: BSD-3-Clause
// C that calls back.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Calls f(p) with 64 KiB of its own frame filled below; returns how many bytes of it are not as they were.
int callback(void (*f)(void*), void* p);
// Calls f() and then again, n times.
void call_times(void (*f)(void), int n);
// f(0) + f(1) + ... + f(n - 1)
int64_t sum_of(int64_t (*f)(int64_t), int64_t n);
// What f(p) returned: the on_error value is seen here.
int result_of(int (*f)(void*), void* p);
// Calls f(p), then counts that C went on.
void call_then_count(void (*f)(void*), void* p, int* after);
// Calls each of n callbacks; returns how many of them returned -1.
int count_failures(int (*f)(int), int n);
// errno = before; f(p); what errno is then.
int errno_across(void (*f)(void*), void* p, int before);
// The thread before f(p) is the thread after it.
int same_thread_across(void (*f)(void*), void* p);
int64_t thread_id(void);

#ifdef __cplusplus
}
#endif
