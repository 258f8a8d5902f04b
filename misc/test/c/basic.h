// SPDX-License-Identifier: BSD-3-Clause
// Results, errno and the stack as C finds them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void issue3729_void(void);                                  // errno = E2BIG
int issue3729_int(int a, char b, float c, short d, int e);  // errno = EINVAL; the sum
int leaves_errno(void);                                     // returns errno as it came in
void set_errno(int e);

// How far a local that asks for 16 bytes is off. Spilled SSE registers fault when it is not 0.
uintptr_t stack_misalignment(void);
// How many bytes of a frame of 4 MiB keep what was written there: 4 MiB.
size_t big_frame(void);
// printf's own machinery with floating point: `value = 0.1, sqrt = 1.41421` and the like.
void issue5986(char* to, size_t size);

#ifdef __cplusplus
}
#endif
