// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/lockosthread.hpp"

#include <gangway/runtime.hpp>
#include <stdexcept>

#include "runtime/systemstack.hpp"

namespace gangway {

using namespace runtime;

void lock_os_thread() {
    if (!on_curg_stack()) throw std::logic_error("gangway::lock_os_thread: not on a goroutine's stack");
    m* mp = getm();
    g* gp = mp->curg;
    mp->lockedext++;
    gp->lock_os = true;
    lock_to(mp, gp);
}

void unlock_os_thread() {
    if (!on_curg_stack()) return;
    m* mp = getm();
    if (mp->lockedext == 0) return;
    g* gp = mp->curg;
    if (--mp->lockedext == 0) gp->lock_os = false;
    unlock_from(mp, gp);
}

}  // namespace gangway
