// SPDX-License-Identifier: BSD-3-Clause
// C that goes wrong.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

void write_to_null(void);
void abort_in_c(void);
// Uses up the stack of its thread.
int use_up_the_stack(int depth);

#ifdef __cplusplus
}
#endif
