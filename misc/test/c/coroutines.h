// SPDX-License-Identifier: BSD-3-Clause
// C that switches stacks itself, and calls back from each.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum { coroutines = 3 };
// Runs so many coroutines by turns. Each calls f(p, its number, the round) `rounds` times, and lets the next one go on
// after each. Their stacks are malloc's.
void coroutines_run(int rounds, void (*f)(void*, int, int), void* p);
// In an f: gives one turn to each coroutine that is not in an f itself, and comes back.
void coroutines_yield(void);

#ifdef __cplusplus
}
#endif
