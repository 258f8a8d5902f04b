// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/timer.hpp"

#include <utility>

#include "runtime/chaos_window.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/proc.hpp"

namespace gangway::runtime {

namespace {

using entry = timer_heap::entry;

constexpr std::size_t arity = 4;  // flatter than a binary heap: fewer cache lines on the way down

void place(timer_heap& h, std::size_t i, entry e) {
    h.entries[i] = e;
    e.t->index = static_cast<std::uint32_t>(i);
}

void sift_up(timer_heap& h, std::size_t i) {
    entry e = h.entries[i];
    while (i > 0) {
        std::size_t parent = (i - 1) / arity;
        if (h.entries[parent].when <= e.when) break;
        place(h, i, h.entries[parent]);
        i = parent;
    }
    place(h, i, e);
}

void sift_down(timer_heap& h, std::size_t i) {
    entry e = h.entries[i];
    std::size_t n = h.entries.size();
    for (;;) {
        std::size_t first = i * arity + 1;
        if (first >= n) break;
        std::size_t least = first;
        for (std::size_t c = first + 1; c < first + arity && c < n; c++)
            if (h.entries[c].when < h.entries[least].when) least = c;
        if (h.entries[least].when >= e.when) break;
        place(h, i, h.entries[least]);
        i = least;
    }
    place(h, i, e);
}

void publish_earliest(timer_heap& h) {
    store_release(h.earliest, h.entries.empty() ? never_fires : h.entries[0].when);
}

void insert(timer_heap& h, timer* t) {
    h.entries.push_back({t->when, t});
    store_relaxed(t->heap, &h);
    sift_up(h, h.entries.size() - 1);
    publish_earliest(h);
}

void remove(timer_heap& h, timer* t) {
    std::size_t i = t->index;
    entry last = h.entries.back();
    h.entries.pop_back();
    if (i < h.entries.size()) {
        place(h, i, last);
        sift_up(h, i);
        sift_down(h, last.t->index);
    }
    store_release(t->heap, nullptr);  // who finds it out of the heap may start it anew
    publish_earliest(h);
}

// The first timer's call, with the lock released meanwhile. T2
void fire_first(timer_heap& h, std::int64_t now) {
    timer* t = h.entries[0].t;
    auto f = t->f;
    void* arg = t->arg;
    if (t->period > 0) {
        // Missed periods are not made up for: the next is the first that is to come.
        t->when += t->period * (1 + (now - t->when) / t->period);
        h.entries[0].when = t->when;
        sift_down(h, 0);
        publish_earliest(h);
        t->keep(arg);
    } else {
        remove(h, t);
    }
    h.lock.unlock();
    chaos_delay();
    f(arg);
    h.lock.lock();
}

}  // namespace

void add_timer(timer* t, std::int64_t when, std::int64_t period) {
    p* pp = usable_p(getm());
    timer_heap& h = (pp != nullptr ? pp : all_p(0))->timers;
    t->when = when;
    t->period = period;
    h.lock.lock();
    try {
        insert(h, t);
    } catch (...) {
        h.lock.unlock();
        throw;
    }
    bool first = h.entries[0].when == when;
    h.lock.unlock();
    chaos_window();
    if (first) wake_poller(when);
}

bool del_timer(timer* t) {
    for (;;) {
        timer_heap* h = load_acquire(t->heap);
        if (h == nullptr) return false;
        chaos_window();
        h->lock.lock();
        if (load_relaxed(t->heap) == h) {
            remove(*h, t);
            h->lock.unlock();
            return true;
        }
        h->lock.unlock();  // T1: it moved, or fired
    }
}

int run_timers(p* pp, std::int64_t* now) {
    timer_heap& h = pp->timers;
    std::int64_t earliest = load_relaxed(h.earliest);
    if (earliest == never_fires) return 0;
    if (*now == 0) *now = nanotime();
    if (earliest > *now) return 0;
    int fired = 0;
    h.lock.lock();
    while (!h.entries.empty() && h.entries[0].when <= *now) {
        fire_first(h, *now);
        fired++;
    }
    h.lock.unlock();
    return fired;
}

std::int64_t earliest_timer() {
    std::int64_t least = never_fires;
    for (std::uint32_t i = 0; p* pp = all_p(i); i++) {
        std::int64_t t = load_acquire(pp->timers.earliest);
        if (t < least) least = t;
    }
    return least;
}

std::uint64_t pending_timers() {
    std::uint64_t n = 0;
    for (std::uint32_t i = 0; p* pp = all_p(i); i++) {
        pp->timers.lock.lock();
        n += pp->timers.entries.size();
        pp->timers.lock.unlock();
    }
    return n;
}

void move_timers(p* from, p* to) {
    timer_heap& a = from->timers;
    timer_heap& b = to->timers;
    a.lock.lock();
    b.lock.lock();
    for (entry& e : a.entries) insert(b, e.t);
    a.entries.clear();
    publish_earliest(a);
    b.lock.unlock();
    a.lock.unlock();
}

std::int64_t time_after(std::int64_t in_ns) {
    std::int64_t now = nanotime();
    if (in_ns <= 0) return now;
    return in_ns >= never_fires - 1 - now ? never_fires - 1 : now + in_ns;
}

}  // namespace gangway::runtime
