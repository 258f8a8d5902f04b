// SPDX-License-Identifier: BSD-3-Clause
// C that hands arguments of each shape to a callback.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct text {
    const char* at;
    int64_t size;
};
struct two_results {
    int64_t first;
    int64_t second;
};
// Fills the stack below with 0xff first: nothing of it may leak into the arguments.
int64_t call_with_text(int64_t (*f)(struct text));
uint64_t issue6833(uint64_t (*f)(unsigned, uint64_t), unsigned x, uint64_t y);
int issue5548(int (*f)(const char*, int), const char* s, int n);
int64_t issue20910(struct two_results (*f)(int, int, int, int, int, int));
// Calls f and returns 123456, whatever it did with the goroutine's stack.
int64_t return_after(int64_t (*f)(int), int64_t* result);

#ifdef __cplusplus
}
#endif
