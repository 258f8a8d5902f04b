// SPDX-License-Identifier: BSD-3-Clause
#include "crash.h"

#include <stdlib.h>

void write_to_null(void) {
    int* volatile nowhere = (int*)8;
    *nowhere = 1;
}

void abort_in_c(void) {
    abort();
}

// No tail call: the frame is used after the call, and the compiler cannot know that nobody comes back.
__attribute__((noinline)) int use_up_the_stack(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    if (depth == -1) return 0;
    return use_up_the_stack(depth + 1) + frame[0];
}
