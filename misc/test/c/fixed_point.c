// SPDX-License-Identifier: BSD-3-Clause
#include "fixed_point.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { base = 1000000000, spare = 2 };

struct fixed {
    size_t n;
    uint32_t digits[];
};

struct fixed* fixed_new(size_t decimals) {
    size_t n = 1 + (decimals + 8) / 9 + spare;
    struct fixed* f = calloc(1, sizeof *f + n * sizeof f->digits[0]);
    f->n = n;
    return f;
}

void fixed_free(struct fixed* f) {
    free(f);
}

void fixed_set(struct fixed* f, uint32_t n) {
    memset(f->digits, 0, f->n * sizeof f->digits[0]);
    f->digits[0] = n;
}

void fixed_copy(struct fixed* to, const struct fixed* from) {
    memcpy(to->digits, from->digits, from->n * sizeof from->digits[0]);
}

void fixed_add(struct fixed* to, const struct fixed* other) {
    uint32_t carry = 0;
    for (size_t i = to->n; i-- > 0;) {
        uint32_t sum = to->digits[i] + other->digits[i] + carry;
        carry = i > 0 && sum >= base;
        to->digits[i] = carry ? sum - base : sum;
    }
}

void fixed_sub(struct fixed* to, const struct fixed* other) {
    uint32_t borrow = 0;
    for (size_t i = to->n; i-- > 0;) {
        uint32_t take = other->digits[i] + borrow;
        borrow = to->digits[i] < take;
        to->digits[i] = to->digits[i] + (borrow ? base : 0) - take;
    }
}

void fixed_div(struct fixed* f, uint32_t by) {
    uint64_t rest = 0;
    for (size_t i = 0; i < f->n; i++) {
        uint64_t part = rest * base + f->digits[i];
        f->digits[i] = (uint32_t)(part / by);
        rest = part % by;
    }
}

int fixed_is_zero(const struct fixed* f) {
    for (size_t i = 0; i < f->n; i++) {
        if (f->digits[i] != 0) return 0;
    }
    return 1;
}

void fixed_print(const struct fixed* f, char* to, size_t decimals) {
    int head = sprintf(to, "%u.", f->digits[0]);
    for (size_t d = 0; d < decimals; d += 9) {
        char group[16];
        snprintf(group, sizeof group, "%09u", f->digits[1 + d / 9]);
        size_t left = decimals - d;
        memcpy(to + head + d, group, left < 9 ? left : 9);
    }
    to[(size_t)head + decimals] = '\0';
}
