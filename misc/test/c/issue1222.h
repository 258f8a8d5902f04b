// SPDX-License-Identifier: BSD-3-Clause
// Structs that hold unions, as libibverbs has them.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

union aligned_mutex {
    long align;
    char size[24];
};

struct async_event {
    union {
        int port;
        void* queue;
        double rate;
    } element;
    int kind;
};

struct device_context {
    union aligned_mutex mutex;
    int commands;
};

struct async_event event_of_port(int port);
struct async_event event_of_rate(double rate);
double read_event(struct async_event e);
long mutex_word(struct device_context c);

#ifdef __cplusplus
}
#endif
