// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/biased_lock.hpp"

#include <algorithm>
#include <ctime>

#include "runtime/chaos.hpp"
#include "runtime/fork.hpp"

namespace gangway::runtime {

void biased_lock::lock_word(p* pp) {
    word_.lock();
    releasem();  // lock()'s; word_ has its own
    p* of = load_acquire(bias_);
    if (of == nullptr) {
        earn_bias(pp);
    } else if (of != pp) {  // BL4
        end_bias(of);
    }
}

void biased_lock::earn_bias(p* pp) {
    if (pp != last_ || pp == nullptr) {
        last_ = pp;
        in_a_row_ = 0;
        return;
    }
    std::uint32_t enough = chaos_on ? 2 : threshold_;
    if (++in_a_row_ < enough || !membarrier_works)
        return;  // F2: with full fences it would cost more than it saves
    in_a_row_ = 0;
    since_ = nanotime();
    store_release(bias_, pp);  // BL1
}

void biased_lock::end_bias(p* of) {
    store_relaxed(bias_, nullptr);
    constexpr std::int64_t pays = 50'000;  // ns, some ten times what the fence costs all cores together
    bool lasted = nanotime() - since_ >= pays;
    threshold_ = lasted ? std::max(threshold_ / 2, first_threshold) : std::min(threshold_ * 2, last_threshold);
    chaos_delay();
    heavy_fence();  // BL2
    // For as long as the p needs for what is done under a lock. It may have been interrupted in it.
    constexpr int spins = 100;
    for (int i = 0; load_acquire(of->biased) == this; i++) {
        if (load_relaxed(in_forked_child)) fatal_in_child();  // its holder is not in this process
        if (i < spins) {
            cpu_relax();
        } else {
            timespec nap{0, 20'000};
            nanosleep(&nap, nullptr);
        }
    }
}

}  // namespace gangway::runtime
