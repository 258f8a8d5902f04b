// SPDX-License-Identifier: BSD-3-Clause
// C that uses longjmp.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Jumps from three frames deep back into its own; before that calls f(), which returns. 7 when the jump arrived.
int jump_inside(void (*f)(void));
// Calls f(), from which somebody jumps back; then 8. 9 when f returned.
int jump_target(void (*f)(void));
// Jumps to the jump_target() that runs.
void jump_back(void);

#ifdef __cplusplus
}
#endif
