// SPDX-License-Identifier: BSD-3-Clause
#include "jump.h"

#include <setjmp.h>

static jmp_buf inside;

static void deep(int frames);
static void (*volatile deeper)(int) = deep;

static void deep(int frames) {
    if (frames == 0) longjmp(inside, 7);
    deeper(frames - 1);
}

int jump_inside(void (*f)(void)) {
    int how = setjmp(inside);
    if (how != 0) return how;
    f();
    deep(3);
    return 0;
}

static jmp_buf target;

int jump_target(void (*f)(void)) {
    if (setjmp(target) != 0) return 8;
    f();
    return 9;
}

void jump_back(void) {
    longjmp(target, 1);
}
