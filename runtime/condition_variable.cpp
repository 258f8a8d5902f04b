// SPDX-License-Identifier: BSD-3-Clause
// condition_variable is a list of those that wait: A1 to A4 in waiter_list.hpp.
#include <gangway/condition_variable.hpp>

#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/waiter_list.hpp"

namespace gangway {

using namespace runtime;

bool condition_variable::wait_unlocked(const char* what, void (*unlock)(void*), void* lock,
                                       std::int64_t deadline) {
    if (outside_of_runtime()) {
        bool notified = false;
        as_goroutine(what, [&] { notified = wait_unlocked(what, unlock, lock, deadline); });
        return notified;
    }
    check_can_park(what);
    waiter me(waiters_);
    m_lock& list_lock = lock_of(waiters_);
    list_lock.lock();
    enqueue(me);  // A1
    list_lock.unlock();
    set_deadline(me, deadline);
    try {
        unlock(lock);
    } catch (...) {
        if (!withdraw(me)) notify_one();  // it was for one that waits
        throw;
    }
    return wait_until_notified(me, wait_reason::condition_variable_wait);
}

void condition_variable::notify(std::ptrdiff_t n) noexcept {
    // Relaxed: who must be found here is on the list since before it unlocked what the caller has locked since. A1
    if (empty(waiters_)) return;
    m_lock& lock = lock_of(waiters_);
    lock.lock();
    notify_and_unlock(lock, take(waiters_, n));
}

void condition_variable::notify_one() noexcept {
    notify(1);
}

void condition_variable::notify_all() noexcept {
    notify(PTRDIFF_MAX);
}

}  // namespace gangway
