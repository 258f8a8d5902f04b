// SPDX-License-Identifier: BSD-3-Clause
#include "issue1222.h"

struct async_event event_of_port(int port) {
    struct async_event e = {.element.port = port, .kind = 1};
    return e;
}

struct async_event event_of_rate(double rate) {
    struct async_event e = {.element.rate = rate, .kind = 2};
    return e;
}

double read_event(struct async_event e) {
    return e.kind == 1 ? e.element.port : e.element.rate;
}

long mutex_word(struct device_context c) {
    return c.mutex.align + c.commands;
}
