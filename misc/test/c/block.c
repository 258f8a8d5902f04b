// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "block.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

void sleep_ms(int ms) {
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}

void start_then_sleep_ms(void (*start)(void), int ms) {
    start();
    sleep_ms(ms);
}

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int open;
    int waiting;
    int met;
};

struct gate* gate_new(void) {
    struct gate* g = calloc(1, sizeof *g);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    return g;
}

void gate_free(struct gate* g) {
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

int gate_wait(struct gate* g, int value) {
    pthread_mutex_lock(&g->lock);
    g->waiting++;
    while (!g->open) pthread_cond_wait(&g->changed, &g->lock);
    g->waiting--;
    pthread_mutex_unlock(&g->lock);
    return value;
}

void gate_open(struct gate* g) {
    pthread_mutex_lock(&g->lock);
    g->open = 1;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

int gate_waiting(struct gate* g) {
    pthread_mutex_lock(&g->lock);
    int n = g->waiting;
    pthread_mutex_unlock(&g->lock);
    return n;
}

void gate_meet(struct gate* g, int n) {
    pthread_mutex_lock(&g->lock);
    if (++g->met >= n) pthread_cond_broadcast(&g->changed);
    while (g->met < n) pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
}
