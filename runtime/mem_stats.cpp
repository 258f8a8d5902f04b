// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/mem_stats.hpp"

#include <algorithm>
#include <gangway/detail/listed.hpp>
#include <malloc.h>

#include "runtime/bound.hpp"
#include "runtime/closure_list.hpp"
#include "runtime/each.hpp"
#include "runtime/handle.hpp"
#include "runtime/peek.hpp"
#include "runtime/proc.hpp"
#include "runtime/resident.hpp"
#include "runtime/runq.hpp"
#include "runtime/stack.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

namespace {

std::uint64_t queued() {
    auto n = static_cast<std::uint64_t>(load_relaxed(sched.runqsize));
    each_p([&](const p& pp) { n += load_relaxed(pp.status) == Pdead ? 0 : runqlen(&pp); });
    return n + bound_runnable() - bound_in_line();
}

// Whether mp has a goroutine in C, or on its way there or back. Read past the sanitizer, as reports are (U5): a foreign
// thread takes its goroutine, which may be new, in the middle of a stop.
__attribute__((noinline, no_sanitize("thread"))) bool is_in_c(const m& mp) {
    const g* gp = mp.curg;
    return gp != nullptr && peek(gp->status) == Grunning && !peek(mp.entering);
}

// From the queues and the ms, for a walk over all goroutines would stop the world for longer than all else. In a stopped
// world one that runs is the caller, or in C, on its way there or back; and one that is runnable is in a queue, but for
// the few instructions of a thread without a p that makes it so: until then it counts as waiting.
void count_states(mem_stats& s) {
    const m* own = usable_p(getm()) != nullptr ? getm() : nullptr;
    s.goroutines_running = own != nullptr ? 1 : 0;
    each_m([&](const m& mp) { s.goroutines_in_c += &mp != own && is_in_c(mp) ? 1 : 0; });
    s.goroutines_runnable = s.runnable = queued();
    const std::uint64_t others = s.goroutines_running + s.goroutines_in_c + s.goroutines_runnable;
    // Of what C's threads begin and end meanwhile.
    s.goroutines = std::max(goroutines_now(), others);
    s.goroutines_waiting = s.goroutines - others;
}

void count_ps(mem_stats& s) {
    s.ps = num_procs();
    each_p([&](p& pp) {
        s.goroutines_made += load_relaxed(pp.made);
        s.steals += load_relaxed(pp.steals);
        if (load_relaxed(pp.status) != Pdead && pp.was == stopped_as::idle) s.ps_idle++;
    });
}

void count_ms(mem_stats& s) {
    each_m([&](const m& mp) {
        s.cgo_calls += load_relaxed(mp.ncgocall);
        s.callbacks += load_relaxed(mp.ncgocallback);
        s.parks += load_relaxed(mp.parks);
        s.preemptions += load_relaxed(mp.preemptions);
        s.foreign_callbacks += load_relaxed(mp.nforeign);
    });
    sched.lock.lock();
    s.ms = static_cast<std::uint64_t>(sched.mcount);
    s.ms_idle = static_cast<std::uint64_t>(sched.nmidle);
    s.ms_idle_locked =
        static_cast<std::uint64_t>(sched.nmidlelocked) + static_cast<std::uint64_t>(sched.monitor_awake);
    s.ms_ended = sched.nmended;
    s.extra_ms = static_cast<std::uint64_t>(sched.nextra);
    s.extra_ms_in_use = static_cast<std::uint64_t>(sched.nextra_in_use);
    sched.lock.unlock();
}

}  // namespace

// Ends first: one that is made and ends in between must not make it negative.
std::uint64_t goroutines_now() {
    std::uint64_t ended = load_acquire(sched.ended), made = 0;
    each_p([&](const p& pp) { ended += load_acquire(pp.ended); });
    made = load_acquire(sched.made);
    each_p([&](const p& pp) { made += load_acquire(pp.made); });
    return made - ended;
}

void gather_mem_stats(mem_stats& s) {
    s.goroutines_made = load_relaxed(sched.made);
    count_ps(s);
    count_ms(s);
    count_states(s);
    s.timers = pending_timers();
    s.channels = detail::listed::count(detail::listed_kind::channel);
    s.handles = living_handles();
    s.closures = living_closures();
    s.callback_objects = detail::listed::count(detail::listed_kind::callback);
    s.handoffs = load_relaxed(sched.handoffs);
    s.retakes = load_relaxed(sched.retakes);
    s.preempt_requests = load_relaxed(sched.preempt_requests);
    s.stops = load_relaxed(sched.stops);
    stack_stats stacks = read_stack_stats();
    s.stack_in_use_bytes = stacks.in_use_bytes;
    s.stack_cached_bytes = stacks.cached_bytes;
    s.stack_reserved_bytes = stacks.reserved_bytes;
}

void add_resident_stats(mem_stats& to) {
    to.stack_resident_bytes = resident_stack_bytes_lately(to.stack_in_use_bytes);
    struct mallinfo2 heap = mallinfo2();
    to.heap_in_use_bytes = heap.uordblks + heap.hblkhd;
    to.heap_free_bytes = heap.fordblks;
    to.heap_reserved_bytes = heap.arena + heap.hblkhd;
}

void for_each_stat(const mem_stats& s, stat_visitor f, void* arg) {
#define GANGWAY_STAT(name) f(#name, s.name, arg)
    GANGWAY_STAT(goroutines);
    GANGWAY_STAT(goroutines_made);
    GANGWAY_STAT(goroutines_running);
    GANGWAY_STAT(goroutines_in_c);
    GANGWAY_STAT(goroutines_runnable);
    GANGWAY_STAT(goroutines_waiting);
    GANGWAY_STAT(ms);
    GANGWAY_STAT(ms_idle);
    GANGWAY_STAT(ms_idle_locked);
    GANGWAY_STAT(ms_ended);
    GANGWAY_STAT(extra_ms);
    GANGWAY_STAT(extra_ms_in_use);
    GANGWAY_STAT(ps);
    GANGWAY_STAT(ps_idle);
    GANGWAY_STAT(runnable);
    GANGWAY_STAT(timers);
    GANGWAY_STAT(channels);
    GANGWAY_STAT(callback_objects);
    GANGWAY_STAT(handles);
    GANGWAY_STAT(closures);
    GANGWAY_STAT(cgo_calls);
    GANGWAY_STAT(callbacks);
    GANGWAY_STAT(foreign_callbacks);
    GANGWAY_STAT(handoffs);
    GANGWAY_STAT(retakes);
    GANGWAY_STAT(steals);
    GANGWAY_STAT(parks);
    GANGWAY_STAT(preempt_requests);
    GANGWAY_STAT(preemptions);
    GANGWAY_STAT(stops);
    GANGWAY_STAT(stack_in_use_bytes);
    GANGWAY_STAT(stack_cached_bytes);
    GANGWAY_STAT(stack_reserved_bytes);
    GANGWAY_STAT(stack_resident_bytes);
    GANGWAY_STAT(heap_in_use_bytes);
    GANGWAY_STAT(heap_free_bytes);
    GANGWAY_STAT(heap_reserved_bytes);
#undef GANGWAY_STAT
}

}  // namespace gangway::runtime
