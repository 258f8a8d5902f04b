// SPDX-License-Identifier: BSD-3-Clause
// Code that gangway_preemptible() builds: each function starts with a look at the stack guard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace preemptible {

// Calls small functions until `stop` is set.
void spin_until(const std::atomic<bool>& stop);
// The same, and counts its rounds.
void count_until(const std::atomic<bool>& stop, std::atomic<std::uint64_t>& rounds);

// One prologue.
void touch();
// So many nested frames of about `frame` bytes, and touch() at the bottom. Returns depth.
int recurse(int depth);
int recurse_in_large_frames(int depth);

// Each calls ask() first, so that the function called next finds a poisoned guard, and says whether that one got what
// it was given.
bool keeps_integers(const std::function<void()>& ask);
bool keeps_doubles(const std::function<void()>& ask);
bool keeps_vectors(const std::function<void()>& ask);  // AVX's, where the processor has them
bool keeps_structs(const std::function<void()>& ask);
bool keeps_stack_arguments(const std::function<void()>& ask);
bool keeps_variadic_arguments(const std::function<void()>& ask);
bool keeps_a_large_frame(const std::function<void()>& ask);

// alloca of `size` bytes after ask(), written and read back; the sum of what was read.
std::uint64_t sum_in_alloca(std::size_t size, const std::function<void()>& ask);

// Moving one is a call of touch().
struct touches_when_moved {
    int value = 0;
    touches_when_moved() = default;
    explicit touches_when_moved(int v) : value(v) {}
    touches_when_moved(const touches_when_moved&) = delete;
    touches_when_moved& operator=(const touches_when_moved&) = delete;
    touches_when_moved(touches_when_moved&& other) noexcept;
    touches_when_moved& operator=(touches_when_moved&& other) noexcept;
    ~touches_when_moved() = default;
};

// Called by this program's operator new, which is preemptible too.
extern std::function<void()> on_allocation;

// n queens, by recursion.
int queens(int n);

}  // namespace preemptible

// In C, with a variadic function and, from GCC, a nested one, whose frame comes in a register of its own.
extern "C" {
int preemptible_sum(int n, ...);
int preemptible_nested(int k, void (*ask)(void*), void* arg);
}
