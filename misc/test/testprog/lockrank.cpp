// SPDX-License-Identifier: BSD-3-Clause
// Locks taken in an order that the runtime's list does not have. Only in builds that check it.
#if defined(GANGWAY_LOCKRANK)

#include "runtime/lock_futex.hpp"
#include "testprog.hpp"

namespace {

using gangway::runtime::lock_rank;
using gangway::runtime::m_lock;

PROGRAM(sched_lock_under_stacks_lock) {
    m_lock stacks{lock_rank::stacks};
    m_lock sched{lock_rank::sched};
    stacks.lock();
    sched.lock();
}

// Of one rank, the second at the lower address.
PROGRAM(channels_out_of_order) {
    m_lock channels[] = {m_lock(lock_rank::channel), m_lock(lock_rank::channel)};
    channels[0].lock();
    channels[1].lock();
    channels[1].unlock();
    channels[0].unlock();
    channels[1].lock();
    channels[0].lock();
}

PROGRAM(two_semaphore_buckets) {
    m_lock a{lock_rank::semaphore};
    m_lock b{lock_rank::semaphore};
    a.lock();
    b.lock();
}

PROGRAM(lock_released_twice) {
    m_lock l{lock_rank::sched};
    l.lock();
    l.unlock();
    l.unlock();
}

}  // namespace

#endif
