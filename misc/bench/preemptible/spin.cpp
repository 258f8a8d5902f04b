// SPDX-License-Identifier: BSD-3-Clause
#include "misc/bench/preemptible/spin.hpp"

namespace {

// A call in the loop: functions' prologues are where the scheduler gets in.
[[gnu::noinline]] void step() {
    char frame[16];  // Clang gives a function that needs no stack no such prologue
    asm volatile("" : : "r"(frame) : "memory");
}

}  // namespace

void bench::spin_until(std::atomic<bool>& done) {
    while (!done.load(std::memory_order_relaxed)) step();
}
