// SPDX-License-Identifier: BSD-3-Clause
// C that works on the caller's memory.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Adds 1, 2 and 3; returns the sum of the three then.
int add_to_three(int* a, int* b, int* c);
void store(int64_t* at, int64_t value);
void* allocate(int64_t value);
int64_t release(void* p);  // what was stored there

#ifdef __cplusplus
}
#endif
