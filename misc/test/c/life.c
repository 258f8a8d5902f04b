// SPDX-License-Identifier: BSD-3-Clause
#include "life.h"

void life_step(int x_dim, int y_dim, const int* in, int* out, void (*start)(const struct life_quarter*),
               void (*wait)(void)) {
    // The quarters lie in this frame while goroutines read them: it must be untouched until the last wait() returns.
    struct life_quarter quarters[4];
    for (int i = 0; i < 4; i++) {
        int right = i % 2;
        int low = i / 2;
        quarters[i] = (struct life_quarter){
            .x_dim = x_dim,
            .y_dim = y_dim,
            .x_from = right ? x_dim / 2 : 0,
            .x_to = right ? x_dim : x_dim / 2,
            .y_from = low ? y_dim / 2 : 0,
            .y_to = low ? y_dim : y_dim / 2,
            .in = in,
            .out = out,
        };
        start(&quarters[i]);
    }
    for (int i = 0; i < 4; i++) wait();
}

static int neighbours(const struct life_quarter* q, int x, int y) {
    int n = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            if (dx == 0 && dy == 0) continue;
            int nx = (x + dx + q->x_dim) % q->x_dim;
            int ny = (y + dy + q->y_dim) % q->y_dim;
            n += q->in[ny * q->x_dim + nx];
        }
    }
    return n;
}

void life_quarter_step(const struct life_quarter* q) {
    for (int y = q->y_from; y < q->y_to; y++) {
        for (int x = q->x_from; x < q->x_to; x++) {
            int n = neighbours(q, x, y);
            int alive = q->in[y * q->x_dim + x];
            q->out[y * q->x_dim + x] = n == 3 || (alive && n == 2);
        }
    }
}
