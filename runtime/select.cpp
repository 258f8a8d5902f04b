// SPDX-License-Identifier: BSD-3-Clause
// select over channels.
//
// Where a case looks as if it could go on it is tried first, with its channel's lock alone. What such a look misses is
// found under V1, so it may be one without any lock.
//
//  V1 All channels of the select are locked, in the order of their addresses, when it finds that none is ready, while its
//     sudogs go on their queues, and again when it takes the rest of them off. So no case can become ready unseen in
//     between, and two selects over the same channels do not deadlock.
//  V2 A parked select has a sudog on each channel and only one of them may win: who takes one off a queue owns the
//     goroutine only if it moves g.select_done from 0 to 1 (chan.hpp, dequeue); else it takes the next in the queue.
//  V3 The winner leaves its sudog in g.param before goready.
#include <algorithm>
#include <array>
#include <functional>
#include <gangway/select.hpp>
#include <memory>
#include <optional>

#include "runtime/chan.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/systemstack.hpp"

namespace gangway::detail {

using namespace runtime;

namespace {

select_result select_elsewhere(const select_op* ops, std::size_t n) {
    if (!outside_of_runtime()) check_can_park("select");
    select_result result{};
    as_goroutine("select", [&] { result = selectgo(ops, n, true); });
    return result;
}

// What a select needs for each case, in its frame where they are few.
struct workspace {
    static constexpr std::size_t few = 8;

    explicit workspace(std::size_t n) {
        if (n <= few) return;
        many_sudogs = std::make_unique<sudog[]>(n);
        many_orders = std::make_unique<std::size_t[]>(2 * n);
        sudogs = many_sudogs.get();
        poll_order = many_orders.get();
        lock_order = poll_order + n;
    }

    std::array<sudog, few> few_sudogs;
    std::array<std::size_t, few> few_poll{};
    std::array<std::size_t, few> few_lock{};
    std::unique_ptr<sudog[]> many_sudogs;
    std::unique_ptr<std::size_t[]> many_orders;
    sudog* sudogs = few_sudogs.data();
    std::size_t* poll_order = few_poll.data();  // random: no case is favoured
    std::size_t* lock_order = few_lock.data();  // by address: V1
};

struct selector {
    const select_op* ops;
    std::size_t n;
    const std::size_t* lock_order;

    template <class F>
    void each_channel(F f) const {
        hchan* last = nullptr;
        for (std::size_t i = 0; i < n; i++) {
            hchan* c = ops[lock_order[i]].c;
            if (c != last) f(c);
            last = c;
        }
    }
    void lock() const {
        each_channel([](hchan* c) { c->lock.lock(); });
    }
    void unlock() const {
        each_channel([](hchan* c) { c->lock.unlock(); });
    }
};

std::uint32_t random_below(std::uint32_t n) {
    m* mp = getm();
    static thread_local std::uint32_t foreign = 1;
    std::uint32_t x = mp != nullptr ? fastrand(mp) : (foreign = foreign * 1664525U + 1013904223U);
    return static_cast<std::uint32_t>((std::uint64_t{x} * n) >> 32);
}

void make_orders(const select_op* ops, std::size_t n, workspace& w) {
    for (std::size_t i = 0; i < n; i++) {
        std::size_t j = random_below(static_cast<std::uint32_t>(i + 1));
        w.poll_order[i] = w.poll_order[j];
        w.poll_order[j] = i;
        w.lock_order[i] = i;
    }
    std::sort(w.lock_order, w.lock_order + n,
              [ops](std::size_t a, std::size_t b) { return std::less<>()(ops[a].c, ops[b].c); });
}

// An operation that can go on is done, and unlock() called. Nothing: it cannot, and nothing has changed.
template <class Unlock>
std::optional<chan_result> try_op(const select_op& op, Unlock unlock) {
    return op.send ? send_locked(op.c, op.elem, unlock) : recv_locked(op.c, op.elem, unlock);
}

bool looks_ready(const select_op& op) {
    const hchan& c = *op.c;
    if (load_relaxed(c.closed)) return true;
    const std::size_t n = load_relaxed(c.count);
    return op.send ? n < c.capacity || !c.recvq.empty() : n != 0 || !c.sendq.empty();
}

// One of those that look ready, each as likely as the others; n: none does.
std::size_t pick_ready(const select_op* ops, std::size_t n) {
    std::size_t picked = n;
    std::uint32_t found = 0;
    for (std::size_t i = 0; i < n; i++) {
        if (looks_ready(ops[i]) && (found++ == 0 || random_below(found) == 0)) picked = i;
    }
    return picked;
}

std::optional<select_result> try_one(const select_op* ops, std::size_t n) {
    const std::size_t i = pick_ready(ops, n);
    if (i == n) return std::nullopt;
    hchan* c = ops[i].c;
    c->lock.lock();
    if (std::optional<chan_result> how = try_op(ops[i], [c] { c->lock.unlock(); })) return select_result{i, *how};
    c->lock.unlock();
    return std::nullopt;
}

// As selector::unlock, but the goroutine, and with it all that is in its frame, may be gone once the last channel is
// unlocked: nothing is read after that. (It cannot go on before: dequeue_losers takes every lock.)
bool unlock_all(g*, void* at) {
    auto* s = static_cast<selector*>(at);
    hchan* held = nullptr;
    s->each_channel([&](hchan* c) {
        if (held != nullptr) held->lock.unlock();
        held = c;
    });
    if (held != nullptr) held->lock.unlock();
    return true;
}

// In random order too: of two cases with one channel the partner finds the first that was put there.
void enqueue_all(const selector& s, g* gp, workspace& w) {
    store_relaxed(gp->select_done, 0U);
    gp->param = nullptr;
    for (std::size_t k = 0; k < s.n; k++) {
        const std::size_t i = w.poll_order[k];
        const select_op& op = s.ops[i];
        sudog& sg = w.sudogs[i];
        sg.gp = gp;
        sg.elem = op.elem;
        sg.is_select = true;
        (op.send ? op.c->sendq : op.c->recvq).enqueue(&sg);
    }
}

// After the wake-up: the sudogs that did not win leave their queues.
std::size_t dequeue_losers(const selector& s, const g* gp, workspace& w) {
    std::size_t won = s.n;
    for (std::size_t i = 0; i < s.n; i++) {
        const select_op& op = s.ops[i];
        if (&w.sudogs[i] == gp->param) {
            won = i;
        } else {
            (op.send ? op.c->sendq : op.c->recvq).remove(&w.sudogs[i]);
        }
    }
    return won;
}

bool always(g*, void*) {
    return true;
}

// Out of line: its workspace is not what a select with a case that is ready should have to make.
[[gnu::noinline]] select_result selectgo_slow(const select_op* ops, std::size_t n, bool block) {
    workspace w(n);
    make_orders(ops, n, w);
    selector s{ops, n, w.lock_order};
    s.lock();
    for (std::size_t k = 0; k < n; k++) {
        std::size_t i = w.poll_order[k];
        if (std::optional<chan_result> how = try_op(ops[i], [&] { s.unlock(); })) return {i, *how};
    }
    if (!block || !on_curg_stack()) {
        s.unlock();
        if (block) return select_elsewhere(ops, n);
        return {0, chan_result::would_block};
    }
    g* gp = getm()->curg;
    enqueue_all(s, gp, w);
    gopark(&unlock_all, &s, wait_reason::select);
    s.lock();
    std::size_t won = dequeue_losers(s, gp, w);
    s.unlock();
    return {won, w.sudogs[won].success ? chan_result::done : chan_result::closed};
}

}  // namespace

select_result selectgo(const select_op* ops, std::size_t n, bool block) {
    preempt_check();
    if (n == 0) {
        if (!block) return {0, chan_result::would_block};
        if (!on_curg_stack()) return select_elsewhere(ops, n);
        gopark(&always, nullptr, wait_reason::select_no_cases);
    }
    if (std::optional<select_result> r = try_one(ops, n)) return *r;
    return selectgo_slow(ops, n, block);
}

}  // namespace gangway::detail
