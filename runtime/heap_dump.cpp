// SPDX-License-Identifier: BSD-3-Clause
// What write_heap_dump() writes. The lines are made into a string while the world is stopped, since whoever reads the
// descriptor may be a goroutine. C runs on meanwhile: what it may touch is read under its lock, or once, as a picture of
// that moment.
#include "runtime/heap_dump.hpp"

#include <algorithm>
#include <gangway/detail/listed.hpp>
#include <new>
#include <unistd.h>
#include <vector>

#include "runtime/bound.hpp"
#include "runtime/chan.hpp"
#include "runtime/closure_list.hpp"
#include "runtime/each.hpp"
#include "runtime/find_frames.hpp"
#include "runtime/handle.hpp"
#include "runtime/json_line.hpp"
#include "runtime/long_systemstack.hpp"
#include "runtime/mem_stats.hpp"
#include "runtime/peek.hpp"
#include "runtime/runq.hpp"
#include "runtime/sema.hpp"
#include "runtime/stack.hpp"
#include "runtime/stoptheworld.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/timer.hpp"

namespace gangway::runtime {

namespace {

constexpr std::uint64_t format_version = 1;

std::uint64_t goid_of(const g* gp) {
    return gp != nullptr ? load_relaxed(gp->goid) : 0;
}

// An m's own fields, each read once while it runs in C.
struct m_look {
    std::uint64_t id;
    int tid;
    const g* curg;
    const g* lockedg;
    std::uint32_t lockedint;
    bool in_syscall;
    stack g0;
};

__attribute__((noinline, no_sanitize("thread"))) m_look look_at(const m& mp) {
    m_look l{};
    l.id = peek(mp.id);
    l.tid = peek(mp.tid);
    l.curg = mp.curg;
    l.lockedg = peek(mp.lockedg);
    l.lockedint = peek(mp.lockedint);
    l.in_syscall = load_relaxed(mp.in_syscall) != 0;
    l.g0.lo = peek(mp.g0.stk.lo);
    l.g0.hi = peek(mp.g0.stk.hi);
    return l;
}

void put_header(text_out& out, std::int64_t now) {
    const m* mp = getm();
    json_line(out, "dump")
        .number("version", format_version)
        .number("pid", static_cast<std::uint64_t>(getpid()))
        .number("goroutine", mp != nullptr ? goid_of(mp->curg) : 0)
        .signed_number("monotonic_ns", now);
}

void put_stats(text_out& out, mem_stats& s) {
    gather_mem_stats(s);
    json_line line(out, "mem_stats");
    for_each_stat(
        s,
        [](const char* name, std::uint64_t value, void* arg) {
            static_cast<json_line*>(arg)->number(name, value);
        },
        &line);
}

struct context {
    text_out* out;
    std::int64_t now;
};

void put_g(g* gp, void* arg) {
    auto& to = *static_cast<context*>(arg);
    look l = look_at(gp);
    const char* state = state_name(l);
    if (state == nullptr) return;
    json_line line(*to.out, "g");
    line.number("id", l.goid).address("address", gp).text("state", l.status == Gwaiting ? "waiting" : state);
    if (l.status == Gwaiting) {
        line.text("wait_reason", state);
        line.signed_number("waiting_ns", std::max<std::int64_t>(0, to.now - l.since));
    }
    line.address("stack_lo", gp->stk.lo).address("stack_hi", gp->stk.hi);
    if (l.mp == nullptr) line.address("sp", l.sp);
    if (l.mp != nullptr) line.number("m", l.mid);
    if (const m* locked = gp->lockedm) line.number("locked_m", look_at(*locked).id);
    line.address("entry", l.entry);
}

struct counted_m {
    const m* mp;
    bool idle;
};

std::vector<counted_m> counted_ms() {
    std::vector<counted_m> all;
    sched.lock.lock();
    try {
        each_m([&](const m& mp) {
            if (mp.counted || mp.attached) all.push_back({&mp, mp.idle});
        });
    } catch (...) {
        sched.lock.unlock();
        throw;
    }
    sched.lock.unlock();
    return all;
}

// Of the goroutines that are bound to it: how many there are, and those that wait for their turn.
void put_bound(json_line& line, const m& mp) {
    line.number("bound", load_relaxed(mp.nbound));
    line.numbers("runnable", [&](auto put) {
        for_each_bound_runnable(
            mp, [](const g* gp, void* to) { (*static_cast<decltype(put)*>(to))(goid_of(gp)); }, &put);
    });
}

void put_ms(text_out& out) {
    for (const counted_m& counted : counted_ms()) {
        const m& mp = *counted.mp;
        m_look l = look_at(mp);
        json_line line(out, "m");
        line.number("id", l.id).number("tid", static_cast<std::uint64_t>(l.tid)).flag("idle", counted.idle);
        line.flag("in_c", l.in_syscall).number("callback_depth", l.lockedint);
        if (l.curg != nullptr) line.number("g", goid_of(l.curg));
        if (l.lockedg != nullptr) line.number("locked_g", goid_of(l.lockedg));
        if (mp.home != nullptr) put_bound(line, mp);
        line.address("g0_lo", l.g0.lo).address("g0_hi", l.g0.hi);
        line.number("calls", load_relaxed(mp.ncgocall)).number("callbacks", load_relaxed(mp.ncgocallback));
        line.number("parks", load_relaxed(mp.parks)).number("preemptions", load_relaxed(mp.preemptions));
    }
}

const char* name_of(stopped_as was) {
    switch (was) {
        case stopped_as::idle:
            return "idle";
        case stopped_as::running:
            return "running";
        case stopped_as::in_c:
            return "in C";
    }
    return "?";
}

void put_runnable(json_line& line, const p& pp) {
    line.numbers("runnable", [&](auto put) {
        if (const g* next = load_relaxed(pp.runnext)) put(goid_of(next));
        std::uint32_t tail = load_relaxed(pp.runqtail);
        for (std::uint32_t i = load_relaxed(pp.runqhead); i != tail; i++)
            put(goid_of(load_relaxed(pp.runq[i % runq_size])));
    });
}

void put_ps(text_out& out) {
    each_p([&](p& pp) {
        if (load_relaxed(pp.status) == Pdead) return;
        pp.timers.lock.lock();
        std::size_t timers = pp.timers.entries.size();
        pp.timers.lock.unlock();
        json_line line(out, "p");
        line.number("id", static_cast<std::uint64_t>(pp.id)).text("state", name_of(pp.was));
        put_runnable(line, pp);
        line.number("timers", timers).number("cached_stacks", pp.ngfree);
        line.number("steals", load_relaxed(pp.steals)).number("goroutines_made", load_relaxed(pp.made));
    });
}

void put_global_queue(text_out& out) {
    json_line line(out, "run_queue");
    line.numbers("runnable", [&](auto put) {
        sched.lock.lock();
        for (const g* gp = sched.runq.head; gp != nullptr; gp = gp->schedlink) put(goid_of(gp));
        sched.lock.unlock();
    });
}

void put_lock_waiter(const g* gp, const void* word, void* arg) {
    auto& to = *static_cast<context*>(arg);
    json_line(*to.out, "lock_waiter")
        .number("g", goid_of(gp))
        .address("address", word)
        .text("reason", runtime::name_of(load_relaxed(gp->waiting_for)));
}

void put_waiters(json_line& line, const char* key, const waitq& q) {
    line.numbers(key, [&](auto put) {
        for (const sudog* s = q.first; s != nullptr; s = s->next) put(goid_of(s->gp));
    });
}

void put_channel(const void* object, void* arg) {
    auto& to = *static_cast<context*>(arg);
    auto* c = static_cast<detail::hchan*>(const_cast<void*>(object));
    json_line line(*to.out, "channel");
    line.address("address", c).number("capacity", c->capacity).number("element_size", c->type->size);
    c->lock.lock();
    line.number("length", load_relaxed(c->count)).flag("closed", load_relaxed(c->closed));
    put_waiters(line, "receivers", c->recvq);
    put_waiters(line, "senders", c->sendq);
    c->lock.unlock();
}

void put_timers(context& to) {
    each_p([&](p& pp) {
        pp.timers.lock.lock();
        for (const timer_heap::entry& e : pp.timers.entries) {
            json_line(*to.out, "timer")
                .address("address", e.t)
                .number("p", static_cast<std::uint64_t>(pp.id))
                .signed_number("in_ns", e.when - to.now)
                .signed_number("period_ns", e.t->period)
                .address("function", reinterpret_cast<std::uintptr_t>(e.t->f))
                .address("argument", e.t->arg);
        }
        pp.timers.lock.unlock();
    });
}

void put_callback(const void* object, void* arg) {
    json_line(*static_cast<context*>(arg)->out, "callback").address("data", object);
}

void put_handle(std::uintptr_t id, const char* type, void* arg) {
    json_line(*static_cast<context*>(arg)->out, "handle").address("pointer", id).text("type", type);
}

void put_closure(const closure_facts& c, void* arg) {
    json_line(*static_cast<context*>(arg)->out, "closure")
        .address("code", c.code)
        .foreign_text("signature", c.signature)
        .foreign_text("file", c.made_at.file)
        .number("line", c.made_at.line);
}

void put_all(text_out& out, mem_stats& stats) {
    context to{&out, nanotime()};
    put_header(out, to.now);
    put_stats(out, stats);
    for_each_g(&put_g, &to);
    put_ms(out);
    put_ps(out);
    put_global_queue(out);
    for_each_lock_waiter(&put_lock_waiter, &to);
    detail::listed::for_each(detail::listed_kind::channel, &put_channel, &to);
    put_timers(to);
    detail::listed::for_each(detail::listed_kind::callback, &put_callback, &to);
    for_each_handle(&put_handle, &to);
    for_each_closure(&put_closure, &to);
}

}  // namespace

std::string heap_dump() {
    std::string text;
    bool lost = false;
    mem_stats stats{};
    long_systemstack([&] { add_resident_stats(stats); });
    stoptheworld();
    systemstack([&]() noexcept {
        text_out out(text);
        try {
            put_all(out, stats);
        } catch (const std::bad_alloc&) {
            lost = true;
        }
        out.flush();
        lost = lost || out.lost();
    });
    starttheworld(0);
    if (lost) throw std::bad_alloc();
    return text;
}

}  // namespace gangway::runtime
