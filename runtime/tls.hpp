// SPDX-License-Identifier: BSD-3-Clause
// Which m the current thread is.
//
// A goroutine may go on on another thread after any switch, so no thread-local's value, and no thread-local's address,
// may be kept across one. A compiler that sees `thread_local` may keep the address; it cannot see through this.
#pragma once

namespace gangway::runtime {

struct m;

// The calling thread's m; null on a thread that is not the runtime's.
inline m* getm() {
    m* mp;
    asm volatile(
        "movq gangway_tls_m@gottpoff(%%rip), %0\n\t"
        "movq %%fs:(%0), %0"
        : "=r"(mp));
    return mp;
}

void setm(m* mp);

}  // namespace gangway::runtime
