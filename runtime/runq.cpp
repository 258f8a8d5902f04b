// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/runq.hpp"

#include "runtime/chaos.hpp"
#include "runtime/proc.hpp"

namespace gangway::runtime {

// Owner only. The ring was full: half of it and gp go to the global queue, in order.
void runqputslow(p* pp, g* gp, std::uint32_t head, std::uint32_t tail) {
    std::uint32_t n = (tail - head) / 2;
    g* batch[runq_size / 2 + 1];
    for (std::uint32_t i = 0; i < n; i++) batch[i] = load_relaxed(pp->runq[(head + i) % runq_size]);
    if (!cas_release(pp->runqhead, head, head + n)) {  // R2: thieves made room
        runqput_tail(pp, gp);
        return;
    }
    batch[n] = gp;
    sched.lock.lock();
    for (std::uint32_t i = 0; i <= n; i++) globrunqput(batch[i]);
    sched.lock.unlock();
}

g* runqget_ring_beside_thieves(p* pp) {
    for (;;) {
        std::uint32_t head = load_acquire(pp->runqhead);
        if (head == load_relaxed(pp->runqtail)) return nullptr;
        g* gp = load_relaxed(pp->runq[head % runq_size]);
        if (cas_release(pp->runqhead, head, head + 1)) return gp;  // R2
    }
}

g* runqget_next_beside_thieves(p* pp) {
    g* next = load_relaxed(pp->runnext);
    // Acquire is not needed: the owner put it there itself. R4
    return next != nullptr && cas_relaxed(pp->runnext, next, nullptr) ? next : nullptr;
}

bool runqempty(const p* pp) {
    // A goroutine moves from runnext to the ring when another is readied: runqtail must not have moved while runnext
    // was looked at, or both could be seen empty while one of them never was.
    for (;;) {
        std::uint32_t head = load_seq_cst(pp->runqhead);
        std::uint32_t tail = load_seq_cst(pp->runqtail);
        g* next = load_seq_cst(pp->runnext);
        if (tail == load_seq_cst(pp->runqtail)) return head == tail && next == nullptr;
    }
}

std::uint32_t runqlen(const p* pp) {
    std::uint32_t n = load_acquire(pp->runqtail) - load_acquire(pp->runqhead);
    return (n <= runq_size ? n : 0) + (load_relaxed(pp->runnext) != nullptr ? 1 : 0);
}

namespace {
// A thief at victim's queue. R5
class visit {
public:
    explicit visit(p* victim) : victim_(victim) {
        add_seq_cst(victim->thieves, 1U);
        chaos_delay();
        heavy_fence();
        alone_ = load_acquire(victim->taking) == 0;
    }
    ~visit() { add_seq_cst(victim_->thieves, -1U); }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

    // False: the owner is at it, and nothing may be taken.
    bool may_take() const { return alone_; }

private:
    p* victim_;
    bool alone_;
};

// A goroutine in runnext is about to run where it is: leave it there for a few microseconds, the time its owner takes
// to park. Stealing it at once only throws it back and forth.
constexpr int runnext_grace_pauses = 64;

g* steal_runnext(p* victim) {
    g* next = load_acquire(victim->runnext);
    if (next == nullptr) return nullptr;
    if (load_relaxed(victim->status) == Prunning && !chaos_one_in(2)) {
        for (int i = 0; i < runnext_grace_pauses; i++) cpu_relax();
        if (load_relaxed(victim->runnext) != next) return nullptr;
    }
    visit at(victim);
    return at.may_take() && cas_acquire(victim->runnext, next, nullptr) ? next : nullptr;  // R4
}

// Half of victim's ring into pp's, one of them the result.
g* steal_half(p* pp, p* victim) {
    visit at(victim);
    if (!at.may_take()) return nullptr;
    std::uint32_t own_tail = load_relaxed(pp->runqtail);  // pp's ring is empty: its owner is looking for work
    for (;;) {
        std::uint32_t head = load_acquire(victim->runqhead);
        std::uint32_t tail = load_acquire(victim->runqtail);  // R1
        std::uint32_t n = tail - head;
        n -= n / 2;
        if (n == 0) return nullptr;
        if (n > runq_size / 2) continue;  // head and tail were read at different times
        for (std::uint32_t i = 0; i < n; i++) {
            g* gp = load_relaxed(victim->runq[(head + i) % runq_size]);
            store_relaxed(pp->runq[(own_tail + i) % runq_size], gp);
        }
        chaos_window();
        if (!cas_release(victim->runqhead, head, head + n)) continue;  // R2
        n--;
        g* gp = load_relaxed(pp->runq[(own_tail + n) % runq_size]);
        if (n != 0) store_release(pp->runqtail, own_tail + n);  // R1
        return gp;
    }
}

// A look without a visit, which costs every core that runs a thread of the process an interruption.
bool ring_is_empty(const p* pp) {
    return load_acquire(pp->runqhead) == load_acquire(pp->runqtail);
}
}  // namespace

g* runqsteal(p* pp, p* victim, bool next) {
    if (!ring_is_empty(victim)) return steal_half(pp, victim);
    return next ? steal_runnext(victim) : nullptr;
}

g* runqsteal_one(p* victim) {
    if (ring_is_empty(victim)) return nullptr;
    visit at(victim);
    while (at.may_take()) {
        std::uint32_t head = load_acquire(victim->runqhead);
        if (head == load_acquire(victim->runqtail)) return nullptr;  // R1
        g* gp = load_relaxed(victim->runq[head % runq_size]);
        chaos_window();
        if (cas_release(victim->runqhead, head, head + 1)) return gp;  // R2
    }
    return nullptr;
}

}  // namespace gangway::runtime
