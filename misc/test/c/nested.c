// SPDX-License-Identifier: BSD-3-Clause
#include "nested.h"

int64_t descend(int64_t (*f)(int64_t), int64_t depth) {
    return depth == 0 ? 0 : 1 + f(depth - 1);
}
