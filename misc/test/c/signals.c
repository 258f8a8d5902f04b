// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int counted;

static void count(int signal) {
    (void)signal;
    int before = errno;
    volatile char hungry[5 * 1024];
    for (unsigned i = 0; i < sizeof hungry; i++) hungry[i] = (char)i;
    _Alignas(16) volatile char aligned[16];
    if ((uintptr_t)aligned % 16 != 0 || hungry[255] != (char)255) abort();
    if (close(-1) != -1 || errno != EBADF) abort();
    __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
    errno = before;
}

void signals_count(int signal, int on_alternate_stack) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = count;
    a.sa_flags = SA_RESTART | (on_alternate_stack ? SA_ONSTACK : 0);
    __atomic_store_n(&counted, 0, __ATOMIC_SEQ_CST);
    sigaction(signal, &a, 0);
}

int signals_counted(void) {
    return __atomic_load_n(&counted, __ATOMIC_SEQ_CST);
}

// Ignored for a moment first: so none that is pending meets the default, which ends the process.
void signals_default(int which) {
    signal(which, SIG_IGN);
    signal(which, SIG_DFL);
}

void signals_every(int which, int us) {
    struct itimerval t;
    memset(&t, 0, sizeof t);
    t.it_interval.tv_usec = t.it_value.tv_usec = us;
    setitimer((__itimer_which_t)which, &t, 0);
}

static char own_stack[64 * 1024];
static stack_t stack_before;
static volatile int handled_there;

void signal_stack_replace(void) {
    stack_t own;
    memset(&own, 0, sizeof own);
    own.ss_sp = own_stack;
    own.ss_size = sizeof own_stack;
    if (sigaltstack(&own, &stack_before) != 0) abort();
}

int signal_stack_is_replaced(void) {
    stack_t now;
    return sigaltstack(0, &now) == 0 && now.ss_sp == own_stack && now.ss_size == sizeof own_stack;
}

static void look_where(int signal) {
    (void)signal;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    handled_there = here - (uintptr_t)own_stack < sizeof own_stack;
}

int signal_handled_there(int which) {
    struct sigaction a, before;
    memset(&a, 0, sizeof a);
    a.sa_handler = look_where;
    a.sa_flags = SA_ONSTACK;
    handled_there = 0;
    sigaction(which, &a, &before);
    raise(which);
    sigaction(which, &before, 0);
    return handled_there;
}

void signal_stack_put_back(void) {
    if (sigaltstack(&stack_before, 0) != 0) abort();
}

int blocked_and_ignored_in_child(char* to, int size) {
    int fds[2];
    if (pipe2(fds, 0) != 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        execlp("grep", "grep", "-E", "SigBlk|SigIgn", "/proc/self/status", (char*)0);
        _exit(127);
    }
    close(fds[1]);
    int length = 0;
    while (length < size - 1) {
        ssize_t n = read(fds[0], to + length, (size_t)(size - 1 - length));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        length += (int)n;
    }
    to[length] = 0;
    close(fds[0]);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void* touched_memory(unsigned long size) {
    char* at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return 0;
    madvise(at, size, MADV_NOHUGEPAGE);
    for (unsigned long i = 0; i < size; i += 4096) at[i] = 1;
    return at;
}

void free_touched_memory(void* at, unsigned long size) {
    munmap(at, size);
}
