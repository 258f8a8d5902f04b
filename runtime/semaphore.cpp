// SPDX-License-Identifier: BSD-3-Clause
// semaphore's slow paths. A1 to A4 are in waiter_list.hpp.
//
//  S1 state_ has its bit waited_for while waiters_ is not empty. With the bit set there is no permit, and only who has
//     the list's lock writes state_. The bit may outlast waiters whose time was up, until the next release.
//  S2 A permit for one that waits never gets into state_: release takes the waiter off the list, and has given it.
#include <gangway/semaphore.hpp>

#include "runtime/atomic.hpp"
#include "runtime/environment.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/waiter_list.hpp"

namespace gangway {

using namespace runtime;

void semaphore::reject(const char* what, std::ptrdiff_t n, std::ptrdiff_t highest) {
    throw_out_of_range("gangway::semaphore::", what, n, 0, highest);
}

bool semaphore::acquire_slow(const char* what, std::int64_t deadline) {
    if (outside_of_runtime()) {
        bool acquired = false;
        as_goroutine(what, [&] { acquired = acquire_slow(what, deadline); });
        return acquired;
    }
    check_can_park(what);
    waiter me(waiters_);
    m_lock& lock = lock_of(waiters_);
    lock.lock();
    do {
        if (try_acquire()) {
            lock.unlock();
            return true;
        }
    } while (load_relaxed(state_) != waited_for && !cas_relaxed(state_, 0, waited_for));  // S1
    enqueue(me);
    lock.unlock();
    set_deadline(me, deadline);
    return wait_until_notified(me, wait_reason::semaphore_acquire);
}

void semaphore::release_slow(std::ptrdiff_t k) {
    if (k < 0 || k > max()) reject("release: k", k, max());
    m_lock& lock = lock_of(waiters_);
    lock.lock();
    waiter* taken = take(waiters_, k);  // S2
    std::uint64_t old = load_relaxed(state_);
    bool fits = true;
    if (empty(waiters_)) {
        // Release: the permits that are left, to those that will take them. S1
        while ((fits = k <= max() - free_of(old)) && !cas_release(state_, old, permits(free_of(old) + k)))
            old = load_relaxed(state_);
    }
    notify_and_unlock(lock, taken);
    if (!fits) reject("release: k", k, max() - free_of(old));
}

}  // namespace gangway
