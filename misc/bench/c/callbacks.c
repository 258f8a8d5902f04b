/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_c.h"

#include <pthread.h>
#include <time.h>

int bench_add_one(int n) {
    return n + 1;
}

int bench_add_one_data(int n, void* data) {
    (void)data;
    return n + 1;
}

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

int bench_call_once(int (*cb)(int, void*), int depth, void* data) {
    return cb(depth, data) + 1;
}

struct common_start {
    pthread_barrier_t barrier;
    struct thread_calls calls;
};

static void* make_calls_together(void* at) {
    struct common_start* s = at;
    pthread_barrier_wait(&s->barrier);
    const long sum = bench_call_back_data(s->calls.cb, s->calls.data, s->calls.n);
    __atomic_fetch_add(&s->calls.sum, sum, __ATOMIC_RELAXED);
    pthread_barrier_wait(&s->barrier);
    return NULL;
}

long bench_threads_call_back_at_once(int (*cb)(int, void*), void* data, int threads, int n, long* ns) {
    struct common_start s = {.calls = {cb, data, n, 0, 0}};
    pthread_t made[256];
    if (threads > 256 || pthread_barrier_init(&s.barrier, NULL, (unsigned)threads + 1) != 0) return -1;
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&made[i], NULL, make_calls_together, &s) != 0) return -1;
    }
    pthread_barrier_wait(&s.barrier);
    const long start = now_ns();
    pthread_barrier_wait(&s.barrier);
    *ns = now_ns() - start;
    for (int i = 0; i < threads; i++) pthread_join(made[i], NULL);
    pthread_barrier_destroy(&s.barrier);
    return s.calls.sum;
}
