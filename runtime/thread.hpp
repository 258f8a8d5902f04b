// SPDX-License-Identifier: BSD-3-Clause
// The runtime's threads: detached, and with all signals blocked from their first instruction on.
#pragma once

#include <cstddef>

namespace gangway::runtime {

// Gives pthread_create's error. stack_size 0: the process's default. Where ms run, a thread unblocks signals once it
// is an m; the others leave them to the program's threads.
[[nodiscard]] int new_thread(void* (*fn)(void*), void* arg, std::size_t stack_size = 0);

// The calling thread's sleeps end on time from now on, and not within its timer slack of 50 us. The slack of threads
// that it makes stays what it was.
void sleep_on_time();

}  // namespace gangway::runtime
