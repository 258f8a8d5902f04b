// SPDX-License-Identifier: BSD-3-Clause
// Timers: a heap for each p, which any m may run when it is due.
//
//  T1 A pending timer is in one heap, named by t.heap, at t.index; both are written under that heap's lock. A p that is
//     retired passes its timers on, so who locks t.heap looks again whether it still is.
//  T2 Firing takes it out under the lock and calls f without it. After that call the struct may be gone: it was in the
//     frame of the goroutine that f made runnable. A periodic one stays in and may be stopped and freed meanwhile, so
//     `keep` is called under the lock first and f gives back what that took.
//  T3 heap.earliest is the least `when`, never_fires for none; written under the lock, read without it. Who starts a
//     timer that becomes the earliest looks afterwards whether an m polls until later, or none does (wake_poller): as
//     in W1, by the asymmetric fence it sees the m go to sleep, or the m's second look sees the timer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/lock_futex.hpp"

namespace gangway::runtime {

struct p;
struct timer_heap;

constexpr std::int64_t never_fires = std::numeric_limits<std::int64_t>::max();

struct timer {
    std::int64_t when = 0;  // heap lock
    std::int64_t period = 0;
    void (*f)(void* arg) = nullptr;     // on any stack, any thread; must not park
    void (*keep)(void* arg) = nullptr;  // of periodic ones; under the heap lock
    void* arg = nullptr;
    std::atomic<timer_heap*> heap{nullptr};  // T1
    std::uint32_t index = 0;                 // T1
};

struct timer_heap {
    struct entry {
        std::int64_t when;
        timer* t;
    };
    m_lock lock{lock_rank::timers};
    std::atomic<std::int64_t> earliest{never_fires};  // T3
    std::vector<entry> entries;                       // lock; a 4-ary heap
};

// Starts t, which is not pending. Any thread; never parks. Throws std::bad_alloc. netpoll_descriptor() has been called
// before: without it no m sleeps until a timer is due.
void add_timer(timer* t, std::int64_t when, std::int64_t period);
// True: it was pending, and f will not be called for that.
bool del_timer(timer* t);

// Fires what is due in pp's heap. *now is nanotime() or 0 for not yet asked. How many were fired.
int run_timers(p* pp, std::int64_t* now);
// The earliest time over all ps.
std::int64_t earliest_timer();
std::uint64_t pending_timers();
// sched.lock held, world stopped: from's timers go to `to`.
void move_timers(p* from, p* to);

// nanotime() + in_ns, kept below never_fires.
std::int64_t time_after(std::int64_t in_ns);

}  // namespace gangway::runtime
