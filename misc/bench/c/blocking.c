/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "bench_c.h"

#include <sys/syscall.h>
#include <unistd.h>

long bench_system_call(void) {
    return syscall(SYS_getppid);
}

int bench_sleep_us(unsigned us) {
    return usleep(us);
}
