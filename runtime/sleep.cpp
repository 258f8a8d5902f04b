// SPDX-License-Identifier: BSD-3-Clause
// sleep_for, and the timers of time.hpp.
#include <atomic>
#include <ctime>
#include <gangway/time.hpp>
#include <new>
#include <stdexcept>
#include <string>

#include "runtime/netpoll.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/start.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"
#include "runtime/timer.hpp"

namespace gangway::runtime {

namespace {

// The goroutine is off its stack: from here on the timer may make it runnable. K1
bool start_sleep(g*, void* at) {
    auto* t = static_cast<timer*>(at);
    try {
        add_timer(t, t->when, 0);
    } catch (const std::bad_alloc&) {
        fatal_in("sleep_for", "no memory for its timer");  // nothing may be thrown here: this is another's stack
    }
    return true;
}

void sleep_thread(std::int64_t ns) {
    timespec left{ns / 1'000'000'000, ns % 1'000'000'000};
    while (nanosleep(&left, &left) != 0) {
    }
}

}  // namespace

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

// References: the owner's, one while it is pending, and one for each call of fire under way. A timer that fires once
// passes the pending one on to its call; one that is stopped keeps it for the next start.
struct timer_state {
    runtime::timer t;
    std::function<void()> fire;
    std::atomic<std::uint32_t> refs{1};
    m_lock starting{lock_rank::timer_start};  // one start or stop at a time
    bool has_spare_ref = false;               // starting; not while it is pending
};

void sleep_ns(std::int64_t ns) {
    if (!on_curg_stack()) {
        if (ns > 0) sleep_thread(ns);
        return;
    }
    if (ns <= 0) {
        yield();
        return;
    }
    m* mp = getm();
    netpoll_descriptor();  // made here, where it may throw, and not by the m that sleeps in it
    runtime::timer t;
    t.when = time_after(ns);
    t.f = [](void* gp) { goready(static_cast<g*>(gp)); };
    t.arg = mp->curg;
    gopark(&start_sleep, &t, wait_reason::sleep);
}

timer_state* make_timer(std::function<void()> fire) {
    runtime_start();
    auto* t = new timer_state;
    t->fire = std::move(fire);
    t->t.arg = t;
    t->t.keep = [](void* at) { retain_timer(static_cast<timer_state*>(at)); };
    t->t.f = [](void* at) {
        auto* self = static_cast<timer_state*>(at);
        self->fire();
        release_timer(self);
    };
    return t;
}

void retain_timer(timer_state* t) noexcept {
    add_relaxed(t->refs, 1U);
}

namespace {
void release_refs(timer_state* t, std::uint32_t n) {
    if (add_acq_rel(t->refs, 0U - n) == 0) delete t;
}
}  // namespace

void release_timer(timer_state* t) noexcept {
    release_refs(t, 1);
}

bool stop_timer(timer_state* t) {
    t->starting.lock();
    bool was_pending = del_timer(&t->t);
    t->has_spare_ref |= was_pending;
    t->starting.unlock();
    return was_pending;
}

void drop_timer(timer_state* t) noexcept {
    t->starting.lock();
    bool spare = del_timer(&t->t) || t->has_spare_ref;
    t->has_spare_ref = false;
    t->starting.unlock();
    release_refs(t, spare ? 2 : 1);
}

bool start_timer(timer_state* t, std::int64_t in_ns, std::int64_t period_ns) {
    netpoll_descriptor();
    std::int64_t when = time_after(in_ns);
    t->starting.lock();
    bool was_pending = del_timer(&t->t);
    if (!was_pending && !t->has_spare_ref) retain_timer(t);
    t->has_spare_ref = false;
    try {
        add_timer(&t->t, when, period_ns);
    } catch (...) {
        t->has_spare_ref = true;
        t->starting.unlock();
        throw;
    }
    t->starting.unlock();
    return was_pending;
}

void throw_bad_period(std::int64_t ns) {
    throw std::invalid_argument("gangway::ticker: period " + std::to_string(ns) + " ns is not above zero");
}

}  // namespace gangway::detail
