// SPDX-License-Identifier: BSD-3-Clause
// Functions of many signatures, as generate.cpp writes them. Each makes one number of all that it is passed, and of that
// number its result. The test makes the same number of the same bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A scalar in a value. Complex numbers are two.
enum leaf_kind { leaf_bool, leaf_signed, leaf_unsigned, leaf_f32, leaf_f64, leaf_f80 };
struct leaf {
    enum leaf_kind kind;
    uint32_t size;
    size_t offset;
};

struct signature_type {
    const char* text;  // as a declaration has it
    size_t size, alignment;
    const struct leaf* leaves;
    size_t leaf_count;
};

struct signature {
    void (*address)(void);
    const char* declaration;
    const int* types;  // of signature_types: the result's, or -1 for void, then the parameters'
    int parameter_count;
};

extern const struct signature_type signature_types[];
extern const struct signature signatures[];
extern const size_t signature_count;
extern const unsigned long signature_seed;

// What the function that was called last has made of its arguments.
extern uint64_t signature_hash;

static inline uint64_t signature_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

// The number that stands for the n-th scalar of a result.
static inline uint64_t signature_result(uint64_t hash, uint64_t n) {
    return signature_mix(hash, n + 1);
}

// Floating scalars are halves of numbers that each of the types holds exactly.
static inline int64_t signature_halves(uint64_t value) {
    return (int64_t)(value % (UINT64_C(1) << 21)) - (INT64_C(1) << 20);
}

#ifdef __cplusplus
}
#endif
