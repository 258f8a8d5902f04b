// SPDX-License-Identifier: BSD-3-Clause
// C and callbacks that call each other.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// 1 + f(depth - 1), and 0 at depth 0.
int64_t descend(int64_t (*f)(int64_t), int64_t depth);

#ifdef __cplusplus
}
#endif
