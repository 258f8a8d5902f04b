// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/waiter_list.hpp"

#include "runtime/netpoll.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/timer.hpp"

namespace gangway::runtime {

using enum detail::wait_progress;

namespace {

struct alignas(64) slot {
    m_lock lock{lock_rank::waiters};
};

constexpr std::size_t table_size = 61;  // prime: lists lie at multiples of powers of two
constinit slot table[table_size];

// The list's lock held.
void remove(waiter& w) {
    waiter_list& list = w.of;
    if (w.prev != nullptr) {
        w.prev->next = w.next;
    } else {
        store_relaxed(list.first, w.next);
    }
    if (w.next != nullptr) {
        w.next->prev = w.prev;
    } else {
        list.last = w.prev;
    }
}

// w's goroutine is off its stack. Success releases: to who notifies, which may ready it from here on. Failure acquires
// `notified`, which stays: who notified has read this frame, which the goroutine goes on to use. A2
bool park_unless_notified(g*, void* at) {
    return cas_seq_cst(static_cast<waiter*>(at)->progress, listed, parked);
}

// The list's lock held, w off it. True: its goroutine is the caller's, to be readied. Acquire: of `parked`. Release: of
// what the caller has read in w. A3
bool notify(waiter& w) {
    return exchange_acq_rel(w.progress, notified) == parked;
}

void expire(void* at) {
    waiter& w = *static_cast<waiter*>(at);
    g* gp = w.gp;
    m_lock& lock = lock_of(w.of);
    bool readies = false;
    lock.lock();
    if (load_relaxed(w.progress) != notified) {
        remove(w);
        w.timed_out = true;
        readies = notify(w);
    }
    lock.unlock();
    store_release(w.timer_over, true);
    if (readies) goready(gp);
}

// No deadline can take it off any more, nor is about to.
void end_deadline(waiter& w) {
    if (!w.limited || del_timer(&w.timer)) return;
    while (!load_acquire(w.timer_over)) yield();  // another thread is in expire, where it waits for m_locks only
}

// False: it had been notified, or timed out.
bool take_back(waiter& w) {
    m_lock& lock = lock_of(w.of);
    lock.lock();
    const bool waits = load_relaxed(w.progress) != notified;
    if (waits) remove(w);
    lock.unlock();
    return waits;
}

}  // namespace

m_lock& lock_of(const waiter_list& list) {
    return table[(reinterpret_cast<std::uintptr_t>(&list) >> 3) % table_size].lock;
}

void enqueue(waiter& w) {
    waiter_list& list = w.of;
    w.gp = getm()->curg;
    w.prev = list.last;
    if (list.last != nullptr) {
        list.last->next = &w;
    } else {
        store_relaxed(list.first, &w);
    }
    list.last = &w;
}

waiter* take(waiter_list& list, std::ptrdiff_t& n) {
    waiter* const first = load_relaxed(list.first);
    waiter* last = nullptr;
    waiter* rest = first;
    for (; n > 0 && rest != nullptr; n--) {
        last = rest;
        rest = rest->next;
    }
    if (last == nullptr) return nullptr;
    last->next = nullptr;
    store_relaxed(list.first, rest);
    (rest != nullptr ? rest->prev : list.last) = nullptr;
    return first;
}

void notify_and_unlock(m_lock& lock, waiter* taken) {
    gqueue ready;
    while (taken != nullptr) {
        waiter& w = *taken;
        taken = w.next;  // A3
        g* gp = w.gp;
        if (notify(w)) ready.push_back(gp);
    }
    lock.unlock();
    while (g* gp = ready.pop()) goready(gp);
}

void set_deadline(waiter& w, std::int64_t when) {
    if (when == never_fires) return;
    w.timer.f = &expire;
    w.timer.arg = &w;
    store_relaxed(w.timer_over, false);
    try {
        netpoll_descriptor();
        add_timer(&w.timer, when, 0);
        w.limited = true;
    } catch (...) {
        if (take_back(w)) throw;  // else it will not wait
    }
}

bool wait_until_notified(waiter& w, wait_reason why) {
    if (load_acquire(w.progress) != notified) gopark(&park_unless_notified, &w, why);
    end_deadline(w);
    return !w.timed_out;
}

bool withdraw(waiter& w) {
    const bool waited = take_back(w);
    end_deadline(w);
    return waited || w.timed_out;
}

}  // namespace gangway::runtime
