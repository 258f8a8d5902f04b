// SPDX-License-Identifier: BSD-3-Clause
// Fractions of many digits, a small step a call: what a bignum library looks like from outside.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fixed;  // digits[0] before the point, the rest after it, nine decimals each

struct fixed* fixed_new(size_t decimals);
void fixed_free(struct fixed* f);
void fixed_set(struct fixed* f, uint32_t n);
void fixed_copy(struct fixed* to, const struct fixed* from);
void fixed_add(struct fixed* to, const struct fixed* other);
void fixed_sub(struct fixed* to, const struct fixed* other);
void fixed_div(struct fixed* f, uint32_t by);
int fixed_is_zero(const struct fixed* f);
// The digit before the point, the point and `decimals` more, NUL at the end.
void fixed_print(const struct fixed* f, char* to, size_t decimals);

#ifdef __cplusplus
}
#endif
