// SPDX-License-Identifier: BSD-3-Clause
// The stress test: rounds of goroutines that do random things, whose sums are checked at each round's end.
#pragma once

#include <cstdint>

namespace stress {

// splitmix64: a few bytes of state, so that each goroutine has its own.
class random {
public:
    explicit random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t operator()() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    int below(int n) { return static_cast<int>((*this)() % static_cast<std::uint64_t>(n)); }
    int between(int low, int high) { return low + below(high - low + 1); }
    bool one_in(int n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

// Ends the process with a report that has the seed. Where a check fails, the moment is worth more than the rest.
[[noreturn]] void fail(const char* what);
inline void check(bool right, const char* what) {
    if (!right) fail(what);
}

// One round, on a thread that the runtime did not make.
void run_round(random& choose);

// After all rounds: what the runtime counted must be what was done. Elsewhere rounds may still be under way.
void change_maxprocs(random& choose, long times);  // in a goroutine
void check_counts();

}  // namespace stress
