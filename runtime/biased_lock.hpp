// SPDX-License-Identifier: BSD-3-Clause
// A lock that the p which mostly takes it takes without a locked instruction: a channel's.
//
// A lock is held on a p that is not given away meanwhile (P3), so one thread at most takes it as that p. Once the
// same p has taken it often enough it is biased to that p, which then takes it by a store to its own word `biased`.
// Whoever else comes ends the bias: takes word_, and waits until the p has let go.
//
//  BL1 bias_ is written with word_ held. Where it is not null the lock is held by that p while p.biased == this, or
//      by who holds word_ and has made sure that it is not.
//  BL2 The p stores p.biased, then looks at bias_ once more; who ends the bias clears bias_, then looks at p.biased.
//      Between the two stands the asymmetric fence (F1): the p sees that it is over and steps back, or the other sees
//      that the p holds the lock, and waits. Without it both could be in.
//  BL3 The word that says so is the p's and not the lock's. Only the p writes it, so one that was kept waiting
//      between its two looks undoes nothing of who holds the lock by then; and letting go touches nothing of the
//      lock, which the next holder may free (L4).
//  BL4 p.biased is one word: beside a lock that it holds so (the first of a select's) a p takes word_. That the bias
//      is its own then changes nothing: nobody but the p itself could hold the lock by it, and it does not.
//  BL5 To end a bias costs a heavy_fence, so a bias has to be earned: by first_threshold times in a row, and by twice
//      as many after one that did not last for long enough to pay for its end.
//
// Not recursive, not fair, as m_lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/lock_futex.hpp"
#include "runtime/proc.hpp"

namespace gangway::runtime {

class biased_lock {
public:
    constexpr explicit biased_lock(lock_rank rank) : word_(rank), rank_(rank) {}
    biased_lock(const biased_lock&) = delete;
    biased_lock& operator=(const biased_lock&) = delete;

    // The p by whose bias it is held; null: by word_.
    p* lock() {
        acquirem();  // first: the p that is found is the caller's until unlock
        p* pp = usable_p(getm());
        if (pp != nullptr && load_relaxed(bias_) == pp && take_as(pp)) [[likely]] {
            rank_.taking(this);
            return pp;
        }
        lock_word(pp);
        return nullptr;
    }
    void unlock(p* held_by) {
        if (held_by != nullptr) [[likely]] {
            rank_.releasing();
            store_release(held_by->biased, nullptr);  // BL3
            releasem();
        } else {
            word_.unlock();
        }
    }
    // Where the caller does not know any more what lock() said.
    void unlock() {
        p* pp = usable_p(getm());
        unlock(pp != nullptr && load_relaxed(pp->biased) == this ? pp : nullptr);
    }
    // A snapshot.
    bool is_biased() const { return load_relaxed(bias_) != nullptr; }

private:
    bool take_as(p* pp) {
        if (load_relaxed(pp->biased) != nullptr) return false;  // BL4
        store_release(pp->biased, this);
        light_fence();  // BL2
        chaos_window();
        if (load_relaxed(bias_) == pp) return true;
        store_release(pp->biased, nullptr);
        return false;
    }
    void lock_word(p* pp);
    void earn_bias(p* pp);
    void end_bias(p* of);

    static constexpr std::uint32_t first_threshold = 256;
    static constexpr std::uint32_t last_threshold = 1U << 24;

    m_lock word_;
    // word_
    std::uint32_t in_a_row_ = 0;
    std::uint32_t threshold_ = first_threshold;
    std::int64_t since_ = 0;
    p* last_ = nullptr;
    std::atomic<p*> bias_{nullptr};
    [[no_unique_address]] rank_check rank_;
};

}  // namespace gangway::runtime
