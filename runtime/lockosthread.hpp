// SPDX-License-Identifier: BSD-3-Clause
// The pair of a goroutine and its thread. schedule() alone acts on it; here it is only made and undone.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// The caller has counted the reason in mp->lockedext or lockedint.
inline void lock_to(m* mp, g* gp) {
    if (mp->lockedg != nullptr) return;
    mp->lockedg = gp;
    gp->lockedm = mp;
    mp->nodirect++;
}

// The caller has uncounted one.
inline void unlock_from(m* mp, g* gp) {
    if (mp->lockedext != 0 || mp->lockedint != 0) return;
    mp->lockedg = nullptr;
    gp->lockedm = mp->home;  // one that is bound stays so
    mp->nodirect--;
}

}  // namespace gangway::runtime
