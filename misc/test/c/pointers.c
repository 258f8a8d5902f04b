// SPDX-License-Identifier: BSD-3-Clause
#include "pointers.h"

#include <stdlib.h>

int add_to_three(int* a, int* b, int* c) {
    *a += 1;
    *b += 2;
    *c += 3;
    return *a + *b + *c;
}

void store(int64_t* at, int64_t value) {
    *at = value;
}

void* allocate(int64_t value) {
    int64_t* p = malloc(sizeof *p);
    *p = value;
    return p;
}

int64_t release(void* p) {
    int64_t value = *(int64_t*)p;
    free(p);
    return value;
}
