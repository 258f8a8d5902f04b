// SPDX-License-Identifier: BSD-3-Clause
// The asymmetric fence: a full barrier between a store and a later load on both of two sides, of which one is hot and
// pays nothing.
//
//   hot side:   store A; light_fence(); load B
//   rare side:  store B; heavy_fence(); load A
//
//  F1 At least one side sees the other's store. heavy_fence is membarrier(PRIVATE_EXPEDITED): it makes every running
//     thread of the process execute a full barrier, at some point between two of its instructions. If that point is
//     after the hot side's store, the rare side's load sees it; if before, the hot side's load comes after the rare
//     side's store. light_fence only has to keep the compiler from swapping the two.
//  F2 Where membarrier is missing (or GANGWAY_DEBUG=nomembarrier), light_fence is a full fence itself, and so is
//     heavy_fence. Which of the two it is is decided before the first m exists and never changes.
//  F3 ThreadSanitizer does not know membarrier, nor fences: both are a seq_cst operation on a word of the thread's own
//     there, and the words on either side are atomics, so that no order it would miss is relied on.
//
// Used by: entersyscall against retake and stop-the-world (syscall.hpp), ready against an m that is going to sleep
// (proc.hpp), unlock against a waiter that is going to sleep (lock_futex.hpp). docs/handshake.md has the argument.
#pragma once

#include <atomic>

namespace gangway::runtime {

#if defined(__SANITIZE_THREAD__)
#define GANGWAY_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GANGWAY_TSAN 1
#endif
#endif

[[gnu::visibility("hidden")]] extern bool membarrier_works;  // set once in fence_init, before the first m

// First thing of the runtime's start, before any m. `allowed` false: take the seq_cst form.
void fence_init(bool allowed);

void heavy_fence();

inline void full_fence() {
#if defined(GANGWAY_TSAN)
    std::atomic<int> own{0};
    own.fetch_add(1, std::memory_order_seq_cst);
    asm volatile("" : : "r"(&own) : "memory");
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

inline void light_fence() {
#if defined(GANGWAY_TSAN)
    full_fence();
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!membarrier_works) [[unlikely]]
        full_fence();
#endif
}

}  // namespace gangway::runtime
