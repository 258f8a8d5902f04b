// SPDX-License-Identifier: BSD-3-Clause
// What a program may ask of the runtime.
#include <cstdint>
#include <gangway/debug.hpp>
#include <gangway/runtime.hpp>
#include <sched.h>
#include <system_error>
#include <unistd.h>

#include "runtime/newm.hpp"
#include "runtime/park.hpp"
#include "runtime/runq.hpp"
#include "runtime/stack.hpp"
#include "runtime/start.hpp"
#include "runtime/stoptheworld.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/traceback.hpp"

namespace gangway {

using namespace runtime;

namespace {

template <class F>
void each_m(F f) {
    for (m* mp = load_acquire(sched.allm); mp != nullptr; mp = mp->alllink) f(*mp);
}

template <class F>
void each_p(F f) {
    for (std::uint32_t i = 0; p* pp = all_p(i); i++) {
        f(*pp);
    }
}

// Ends first: one that is made and ends in between must not make it negative.
std::uint64_t goroutines_now() {
    std::uint64_t ended = load_acquire(sched.ended), made = 0;
    each_p([&](const p& pp) { ended += load_acquire(pp.ended); });
    made = load_acquire(sched.made);
    each_p([&](const p& pp) { made += load_acquire(pp.made); });
    return made - ended;
}

std::uint64_t queued() {
    auto n = static_cast<std::uint64_t>(load_relaxed(sched.runqsize));
    each_p([&](const p& pp) { n += load_relaxed(pp.status) == Pdead ? 0 : runqlen(&pp); });
    return n;
}

}  // namespace

void gosched() {
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) {
        sched_yield();
        return;
    }
    yield();
}

void preempt_point() {
    preempt_check();
}

int num_goroutine() {
    return static_cast<int>(goroutines_now());
}

int num_thread() {
    if (!load_acquire(runtime_started)) return 0;
    sched.lock.lock();
    int n = sched.mcount;
    sched.lock.unlock();
    return n + num_own_threads();
}

std::uint64_t num_cgo_call() {
    std::uint64_t n = 0;
    each_m([&](const m& mp) { n += load_relaxed(mp.ncgocall); });
    return n;
}

std::uint64_t goid() {
    m* mp = getm();
    return mp != nullptr && mp->curg != nullptr ? load_relaxed(mp->curg->goid) : 0;
}

std::uint64_t mid() {
    m* mp = getm();
    return mp != nullptr ? mp->id : 0;
}

bool on_goroutine() {
    m* mp = getm();
    return mp != nullptr && on_curg_stack(mp);
}

mem_stats read_mem_stats() {
    runtime_start();
    stoptheworld();
    mem_stats s{};
    s.goroutines_made = load_relaxed(sched.made);
    each_p([&](const p& pp) {
        s.goroutines_made += load_relaxed(pp.made);
        s.steals += load_relaxed(pp.steals);
    });
    each_m([&](const m& mp) {
        s.cgo_calls += load_relaxed(mp.ncgocall);
        s.callbacks += load_relaxed(mp.ncgocallback);
        s.parks += load_relaxed(mp.parks);
        s.preemptions += load_relaxed(mp.preemptions);
    });
    s.goroutines = goroutines_now();
    s.runnable = queued();
    sched.lock.lock();
    s.ms = static_cast<std::uint64_t>(sched.mcount);
    s.ms_idle = static_cast<std::uint64_t>(sched.nmidle);
    s.ms_idle_locked = static_cast<std::uint64_t>(sched.nmidlelocked);
    s.ms_ended = sched.nmended;
    sched.lock.unlock();
    s.ps = static_cast<std::uint64_t>(load_relaxed(sched.gomaxprocs));
    s.handoffs = load_relaxed(sched.handoffs);
    s.retakes = load_relaxed(sched.retakes);
    s.preempt_requests = load_relaxed(sched.preempt_requests);
    s.stops = load_relaxed(sched.stops);
    stack_stats stacks = read_stack_stats();
    s.stack_in_use_bytes = stacks.in_use_bytes;
    s.stack_reserved_bytes = stacks.reserved_bytes;
    starttheworld(0);
    return s;
}

std::string stacks() {
    return traceback_all();
}

void write_stacks(int fd) {
    std::string all = traceback_all();
    for (std::size_t done = 0; done < all.size();) {
        ssize_t n = write(fd, all.data() + done, all.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw std::system_error(errno, std::generic_category(), "gangway::write_stacks");
        done += static_cast<std::size_t>(n);
    }
}

}  // namespace gangway
