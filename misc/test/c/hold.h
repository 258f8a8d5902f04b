// SPDX-License-Identifier: BSD-3-Clause
// C that stays where it is until it is told.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Both count themselves in *here and return once *stop is not 0.
void spin_in_c(int* here, int* stop);
// The same with SIGURG blocked.
void spin_with_signal_blocked(int* here, int* stop);
// Reads an empty pipe, asleep in the kernel with frame pointers and a frame of unknown size on the way there. The result
// is read(2)'s, which a signal would make -1.
long sleep_in_read(int fd, int size);
// Calls f(p) with a frame of C's own on either side of it: outer_in_c calls inner_in_c, which calls f.
int outer_in_c(int (*f)(void*), void* p);

#ifdef __cplusplus
}
#endif
