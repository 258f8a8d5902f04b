// SPDX-License-Identifier: BSD-3-Clause
// Goroutines that wait for the object which the list is in, first come, first served, with or without a deadline.
//
// The lock of a list is not in the object, which a public header declares, but in a table, keyed by the list's address.
// Two lists may have the same lock, so no two are locked at once.
//
//  A1 A waiter is on the list before it gives up what it waits with (a condition_variable's lock). So who notifies after
//     having had that finds it, and one that comes later stands behind it.
//  A2 Between the two it is not parked, and may yet park for another reason. Its state says how far it is: who notifies
//     takes it off the list and makes it `notified` in one hold of the list's lock, and readies its goroutine only when it
//     was parked. One that was not will see that it need not park.
//  A3 After that step the waiter's frame, and the object that the list is in, may be gone. So what is to be written
//     there is written before it.
//  A4 A deadline that passes does the same under the same lock: either it or a notifier takes a waiter off. Its timer's
//     function looks into the waiter's frame, so the waiter does not return before that has ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <gangway/detail/waiter_list.hpp>

#include "runtime/lock_futex.hpp"
#include "runtime/types.hpp"

namespace gangway::detail {

enum class wait_progress : std::uint32_t { listed, parked, notified };

// One of them, in its own frame.
struct waiter {
    explicit waiter(waiter_list& list) : of(list) {}

    waiter_list& of;
    runtime::g* gp = nullptr;
    waiter* next = nullptr;                                      // list's lock
    waiter* prev = nullptr;                                      // list's lock
    std::atomic<wait_progress> progress{wait_progress::listed};  // A2

    runtime::timer timer;
    bool limited = false;                // the timer was started
    bool timed_out = false;              // list's lock
    std::atomic<bool> timer_over{true};  // the last touch of its function. A4
};

}  // namespace gangway::detail

namespace gangway::runtime {

using detail::waiter;
using detail::waiter_list;

m_lock& lock_of(const waiter_list& list);

// The list's lock held. `first` may be read without it, as a hint.
inline bool empty(const waiter_list& list) {
    return load_relaxed(list.first) == nullptr;
}
// On curg's stack. Puts curg on the list.
void enqueue(waiter& w);
// As many as n says, or all that there are, linked by next; n becomes how many there were too few.
waiter* take(waiter_list& list, std::ptrdiff_t& n);
// Ends the hold of the lock in which they were taken. They go on.
void notify_and_unlock(m_lock& lock, waiter* taken);

// The rest: w's goroutine, which is on the list, without the lock.

// never_fires: none. Throws what add_timer() and netpoll_descriptor() do; w is off the list then.
void set_deadline(waiter& w, std::int64_t when);
// Parks until notified; true. False: the deadline was first. May return on another m.
bool wait_until_notified(waiter& w, wait_reason why);
// Instead of that. False: it had been notified.
bool withdraw(waiter& w);

}  // namespace gangway::runtime
