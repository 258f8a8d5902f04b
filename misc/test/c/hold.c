// SPDX-License-Identifier: BSD-3-Clause
#include "hold.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

void spin_in_c(int* here, int* stop) {
    __atomic_add_fetch(here, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(stop, __ATOMIC_SEQ_CST) == 0) {
    }
}

void spin_with_signal_blocked(int* here, int* stop) {
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    __atomic_add_fetch(here, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(stop, __ATOMIC_SEQ_CST) == 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// Not tail calls: each has something left to do.
__attribute__((noinline)) static int inner_in_c(int (*f)(void*), void* p) {
    return f(p) + 1;
}

int outer_in_c(int (*f)(void*), void* p) {
    return inner_in_c(f, p) + 1;
}

__attribute__((noinline)) static long read_into(int fd, int size) {
    char room[size];
    const long n = read(fd, room, (size_t)size);
    __asm__ volatile("" : : "r"(room) : "memory");
    return n;
}

long sleep_in_read(int fd, int size) {
    const long n = read_into(fd, size);
    __asm__ volatile("");
    return n;
}
