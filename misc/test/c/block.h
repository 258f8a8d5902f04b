// SPDX-License-Identifier: BSD-3-Clause
// C that blocks its thread.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

void sleep_ms(int ms);
// Starts something through the callback, then sleeps itself.
void start_then_sleep_ms(void (*start)(void), int ms);

// A gate that is shut until somebody opens it: threads wait there as C does, on a condition variable.
struct gate;
struct gate* gate_new(void);
void gate_free(struct gate* g);
int gate_wait(struct gate* g, int value);  // returns value once the gate is open
void gate_open(struct gate* g);
int gate_waiting(struct gate* g);  // how many wait now
// Waits until n threads are here at once.
void gate_meet(struct gate* g, int n);

#ifdef __cplusplus
}
#endif
