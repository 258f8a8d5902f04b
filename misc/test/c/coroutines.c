// SPDX-License-Identifier: BSD-3-Clause
#include "coroutines.h"

#include <stdlib.h>
#include <ucontext.h>

enum { stack_size = 256 << 10 };

struct group {
    ucontext_t* home;  // of whoever gave the turn
    ucontext_t contexts[coroutines];
    int rounds;
    int in_callback[coroutines], ended[coroutines];
    void (*f)(void*, int, int);
    void* p;
};
static _Thread_local struct group* now;

static void body(int which) {
    struct group* g = now;
    for (int i = 0; i < g->rounds; i++) {
        g->in_callback[which] = 1;
        g->f(g->p, which, i);
        g->in_callback[which] = 0;
        swapcontext(&g->contexts[which], g->home);
    }
    g->ended[which] = 1;
    setcontext(g->home);
}

__attribute__((noinline)) static void turn(struct group* g, int which) {
    ucontext_t here, *outer = g->home;
    g->home = &here;
    swapcontext(&here, &g->contexts[which]);
    g->home = outer;
}

void coroutines_yield(void) {
    for (int i = 0; i < coroutines; i++) {
        if (!now->in_callback[i] && !now->ended[i]) turn(now, i);
    }
}

__attribute__((noinline)) static void make(struct group* g, int which, char* stack) {
    ucontext_t* c = &g->contexts[which];
    getcontext(c);
    c->uc_stack.ss_sp = stack;
    c->uc_stack.ss_size = stack_size;
    makecontext(c, (void (*)(void))body, 1, which);
}

void coroutines_run(int rounds, void (*f)(void*, int, int), void* p) {
    struct group g = {.rounds = rounds, .f = f, .p = p};
    char* stacks = malloc((size_t)coroutines * stack_size);
    for (int i = 0; i < coroutines; i++) make(&g, i, stacks + (size_t)i * stack_size);
    now = &g;
    for (int left = coroutines; left != 0;) {
        coroutines_yield();
        left = 0;
        for (int i = 0; i < coroutines; i++) left += !g.ended[i];
    }
    now = NULL;
    free(stacks);
}
