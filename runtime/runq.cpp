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

// A goroutine in runnext is about to run where it is. Stealing it at once only throws it back and forth: leave it
// there for as long as its owner may need to park, which may be in the middle of waking the thief.
constexpr std::int64_t runnext_grace = 10'000;  // ns

// True once the owner has run others, so that its runnext has its turn soon. By the tick too: two goroutines that
// wake each other stand in runnext by turns, the same one at two looks.
bool owner_gets_to_it(const p* victim, const g* next) {
    constexpr int pauses_between_looks = 16;
    std::uint32_t tick = load_relaxed(victim->schedtick);
    std::int64_t until = nanotime() + runnext_grace;
    do {
        for (int i = 0; i < pauses_between_looks; i++) cpu_relax();
        if (load_relaxed(victim->runnext) != next || load_relaxed(victim->schedtick) != tick) return true;
    } while (nanotime() < until);
    return false;
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

}  // namespace

g* runqsteal(p* pp, p* victim) {
    return runqring_empty(victim) ? nullptr : steal_half(pp, victim);
}

g* runqsteal_next(p* victim, bool* left_alone) {
    g* next = load_acquire(victim->runnext);
    if (next == nullptr) return nullptr;
    bool runs = load_relaxed(victim->status) == Prunning && !chaos_one_in(2);
    if (runs && owner_gets_to_it(victim, next)) {
        *left_alone = true;
        return nullptr;
    }
    visit at(victim);
    return at.may_take() && cas_acquire(victim->runnext, next, nullptr) ? next : nullptr;  // R4
}

g* runqsteal_one(p* victim) {
    if (runqring_empty(victim))
        return nullptr;  // without a visit, which interrupts every core that runs the process
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
