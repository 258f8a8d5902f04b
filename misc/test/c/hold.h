// SPDX-License-Identifier: BSD-3-Clause
// C that stays where it is until it is told.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Both count themselves in *here and return once *stop is not 0.
void spin_in_c(int* here, int* stop);
// The same asleep, with SIGURG blocked.
void wait_with_signals_blocked(int* here, int* stop);
// Calls f(p) with a frame of C's own on either side of it: outer_in_c calls inner_in_c, which calls f.
int outer_in_c(int (*f)(void*), void* p);

#ifdef __cplusplus
}
#endif
