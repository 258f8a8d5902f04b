/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_c.h"

#include <pthread.h>
#include <time.h>

long bench_call_back(int (*cb)(int), int n) {
    long sum = 0;
    for (int i = 0; i < n; i++) sum += cb(i);
    return sum;
}

long bench_call_back_data(int (*cb)(int, void*), void* data, int n) {
    long sum = 0;
    for (int i = 0; i < n; i++) sum += cb(i, data);
    return sum;
}

struct thread_calls {
    int (*cb)(int, void*);
    void* data;
    int n;
    long sum;
    long ns;
};

static long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void* make_calls(void* at) {
    struct thread_calls* c = at;
    const long start = now_ns();
    c->sum += bench_call_back_data(c->cb, c->data, c->n);
    c->ns += now_ns() - start;
    return NULL;
}

long bench_threads_call_back(int (*cb)(int, void*), void* data, int threads, int n, long* ns) {
    struct thread_calls c = {cb, data, n, 0, 0};
    for (int i = 0; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, make_calls, &c) == 0) pthread_join(thread, NULL);
    }
    *ns = c.ns;
    return c.sum;
}
