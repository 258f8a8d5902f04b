// SPDX-License-Identifier: BSD-3-Clause
// What C keeps for each thread.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

int get_tls(void);
void set_tls(int value);
// Gives the thread a pthread key's value, whose destructor counts when the thread ends.
void count_thread_end(void);
int thread_ends(void);
// Random bytes by the kernel's per-thread state; 1 when it gave them.
int random_bytes_come(void);
// Blocks SIGUSR1 on this thread, and says whether it is blocked.
void block_usr1(int block);
int usr1_is_blocked(void);
// Runs a handler that uses 64 KiB of stack, times over, on whatever stack the thread is on. Returns how often it ran.
int hungry_signals(int times);

#ifdef __cplusplus
}
#endif
