// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "foreign.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

struct calls {
    int times;
    void (*f)(void*);
    void* p;
    int result;
};

static void* make_calls(void* at) {
    const struct calls* c = at;
    for (int i = 0; i < c->times; i++) c->f(c->p);
    return NULL;
}

static void must(int error) {
    if (error != 0) abort();
}

static void run_thread(void* (*main_of_it)(void*), void* arg) {
    pthread_t t;
    must(pthread_create(&t, NULL, main_of_it, arg));
    must(pthread_join(t, NULL));
}

void on_threads(int n, size_t stack_size, int times, void (*f)(void*), void* p) {
    struct calls c = {times, f, p, 0};
    pthread_t* threads = calloc((size_t)n, sizeof *threads);
    pthread_attr_t attr;
    if (threads == NULL) abort();
    pthread_attr_init(&attr);
    if (stack_size != 0) must(pthread_attr_setstacksize(&attr, stack_size));
    for (int i = 0; i < n; i++) must(pthread_create(&threads[i], &attr, make_calls, &c));
    for (int i = 0; i < n; i++) must(pthread_join(threads[i], NULL));
    pthread_attr_destroy(&attr);
    free(threads);
}

static pthread_key_t again;
static pthread_once_t again_made = PTHREAD_ONCE_INIT;

static void call_again(void* at) {
    struct calls* c = at;
    c->times++;
    pthread_setspecific(again, c);
    c->f(c->p);
}

static void make_again(void) {
    must(pthread_key_create(&again, call_again));
}

static void* set_key(void* at) {
    const struct calls* c = at;
    pthread_once(&again_made, make_again);
    pthread_setspecific(again, at);
    c->f(c->p);
    return NULL;
}

int in_key_destructors(void (*f)(void*), void* p) {
    struct calls c = {0, f, p, 0};
    run_thread(set_key, &c);
    return c.times;
}

static void* call_and_exit(void* at) {
    const struct calls* c = at;
    c->f(c->p);
    pthread_exit(NULL);
}

void ended_by_pthread_exit(void (*f)(void*), void* p) {
    struct calls c = {1, f, p, 0};
    run_thread(call_and_exit, &c);
}

static void* call_and_wait(void* at) {
    const struct calls* c = at;
    c->f(c->p);
    // Not in a function that waits: ThreadSanitizer does not get over a thread that ends inside one of its own.
    for (;;) {
        pthread_testcancel();
        sched_yield();
    }
    return NULL;
}

void ended_by_cancel(void (*f)(void*), void* p) {
    struct calls c = {1, f, p, 0};
    pthread_t t;
    must(pthread_create(&t, NULL, call_and_wait, &c));
    must(pthread_cancel(t));
    must(pthread_join(t, NULL));
}

static void* compare_signals(void* at) {
    struct calls* c = at;
    static char own[1 << 16];
    const stack_t mine = {.ss_sp = own, .ss_size = sizeof own};
    stack_t before, after;
    sigset_t usr1, mask;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    sigaltstack(&mine, &before);
    c->f(c->p);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    sigaltstack(NULL, &after);
    c->result = sigismember(&mask, SIGUSR1) == 1 && after.ss_sp == mine.ss_sp && after.ss_size == mine.ss_size;
    sigaltstack(&before, NULL);  // which AddressSanitizer has made, and takes away
    return NULL;
}

int keeps_mask_and_signal_stack(void (*f)(void*), void* p) {
    struct calls c = {1, f, p, 0};
    run_thread(compare_signals, &c);
    return c.result;
}

struct one_result {
    int (*f)(void*);
    void* p;
    int result;
};

static void* keep_result(void* at) {
    struct one_result* r = at;
    r->result = r->f(r->p);
    return NULL;
}

int result_on_a_thread(int (*f)(void*), void* p) {
    struct one_result r = {f, p, 0};
    run_thread(keep_result, &r);
    return r.result;
}

static __thread ucontext_t contexts[2], home;
static __thread int current, ended;
static void (*switched_f)(void*, void (*)(void));
static void* switched_p;

static void switch_to_other(void) {
    const int from = current;
    if (ended != 0) return;
    current = 1 - from;
    swapcontext(&contexts[from], &contexts[current]);
}

static void context_main(void) {
    switched_f(switched_p, switch_to_other);
    ended++;
    if (ended == 2) setcontext(&home);
    current = 1 - current;
    setcontext(&contexts[current]);
}

static void make_context(ucontext_t* c, char* stack, size_t size) {
    getcontext(c);
    c->uc_stack.ss_sp = stack;
    c->uc_stack.ss_size = size;
    c->uc_link = NULL;
    makecontext(c, context_main, 0);
}

static void* run_contexts(void* unused) {
    const size_t size = 256 << 10;
    char* stacks = malloc(2 * size);
    if (stacks == NULL) abort();
    for (size_t i = 0; i < 2; i++) make_context(&contexts[i], stacks + i * size, size);
    current = ended = 0;
    swapcontext(&home, &contexts[0]);
    free(stacks);
    return unused;
}

void on_switched_stacks(void (*f)(void*, void (*)(void)), void* p) {
    switched_f = f;
    switched_p = p;
    run_thread(run_contexts, NULL);
}

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif
static volatile char selector;  // 0: system calls go through, 1: they raise SIGSYS
static volatile int seen;

// Makes the call that was kept from being made: what it is for must not fail.
static void count_one(int sig, siginfo_t* info, void* at) {
    (void)sig;
    selector = 0;  // for that, and for the return from this handler
    greg_t* r = ((ucontext_t*)at)->uc_mcontext.gregs;
    register long r10 __asm__("r10") = r[REG_R10];
    register long r8 __asm__("r8") = r[REG_R8];
    register long r9 __asm__("r9") = r[REG_R9];
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)info->si_syscall), "D"(r[REG_RDI]), "S"(r[REG_RSI]), "d"(r[REG_RDX]), "r"(r10),
                       "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    r[REG_RAX] = result;
    seen++;
}

int system_calls_during(void (*f)(void*), void* p, int n) {
    struct sigaction now = {.sa_sigaction = count_one, .sa_flags = SA_SIGINFO}, before;
    sigaction(SIGSYS, &now, &before);
    seen = 0;
    selector = 0;
    if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0L, 0L, &selector) != 0) return -1;
    for (int i = 0; i < n; i++) {
        selector = 1;
        f(p);
        selector = 0;
    }
    prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0L, 0L, NULL);
    sigaction(SIGSYS, &before, NULL);
    return seen;
}
