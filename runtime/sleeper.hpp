// SPDX-License-Identifier: BSD-3-Clause
// What /proc tells of a thread of this process: where it sleeps in the kernel, and which signals it blocks.
#pragma once

#include <cstdint>

namespace gangway::runtime {

struct sleeper {
    char text[256];  // all that the kernel says: the system call, its arguments, sp and pc
    std::uintptr_t sp = 0;
    std::uintptr_t pc = 0;

    [[nodiscard]] bool is_same_as(const sleeper& other) const;
};

// False: it runs, has ended, or the kernel does not tell. Async-signal-safe.
bool find_sleeper_of(int tid, sleeper& to);

// False where the kernel does not tell, too. Async-signal-safe.
bool blocks_signal(int tid, int signal);

}  // namespace gangway::runtime
