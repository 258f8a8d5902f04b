// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "tls.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/random.h>

static _Thread_local int tls;

int get_tls(void) {
    return tls;
}
void set_tls(int value) {
    tls = value;
}

static pthread_key_t end_key;
static pthread_once_t end_key_made = PTHREAD_ONCE_INIT;
static atomic_int ends;

static void count_end(void* value) {
    (void)value;
    atomic_fetch_add(&ends, 1);
}
static void make_end_key(void) {
    pthread_key_create(&end_key, count_end);
}

void count_thread_end(void) {
    pthread_once(&end_key_made, make_end_key);
    pthread_setspecific(end_key, &ends);
}

int thread_ends(void) {
    return atomic_load(&ends);
}

int random_bytes_come(void) {
    unsigned char bytes[16];
    return getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes;
}

void block_usr1(int block) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int usr1_is_blocked(void) {
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, SIGUSR1);
}

static volatile sig_atomic_t handled;

static void use_stack(int sig) {
    (void)sig;
    volatile unsigned char frame[64 * 1024];
    for (size_t i = 0; i < sizeof frame; i += 512) frame[i] = (unsigned char)i;
    handled = handled + 1;
}

int hungry_signals(int times) {
    struct sigaction sa = {.sa_handler = use_stack};  // no SA_ONSTACK: the stack that C runs on
    struct sigaction before;
    sigaction(SIGUSR2, &sa, &before);
    handled = 0;
    for (int i = 0; i < times; i++) raise(SIGUSR2);
    sigaction(SIGUSR2, &before, NULL);
    return handled;
}
