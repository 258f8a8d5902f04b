// SPDX-License-Identifier: BSD-3-Clause
// Conway's life: a generation is four quarters, each a goroutine that C starts and waits for.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

struct life_quarter {
    int x_dim, y_dim;  // of the whole board, which wraps round
    int x_from, x_to, y_from, y_to;
    const int* in;
    int* out;
};

// Through start() a quarter is computed elsewhere by life_quarter_step(); wait() returns once for each that is done.
void life_step(int x_dim, int y_dim, const int* in, int* out, void (*start)(const struct life_quarter*),
               void (*wait)(void));
void life_quarter_step(const struct life_quarter* q);

#ifdef __cplusplus
}
#endif
