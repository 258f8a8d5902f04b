// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/lock_futex.hpp"

#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/fork.hpp"

namespace gangway::runtime {

constinit std::atomic<std::uint32_t> lock_waiters[lock_waiter_slots]{};

namespace {
// About what a holder needs on another core; a preempted holder is waited for asleep.
constexpr int lock_spins = 100;

std::uint32_t* futex_word(std::atomic<std::uint32_t>& word) {
    static_assert(sizeof(word) == sizeof(std::uint32_t));
    return reinterpret_cast<std::uint32_t*>(&word);
}
}  // namespace

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t ns) {
    timespec limit{ns / 1'000'000'000, ns % 1'000'000'000};
    syscall(SYS_futex, futex_word(word), FUTEX_WAIT_PRIVATE, expected, ns < 0 ? nullptr : &limit, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word, int count) {
    syscall(SYS_futex, futex_word(word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

std::int64_t nanotime() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void m_lock::lock_slow() {
    for (int i = 0; i < lock_spins; i++) {
        cpu_relax();
        if (load_relaxed(locked_) == 0 && take()) return;
    }
    std::atomic<std::uint32_t>& waiters = waiters_of(this);
    add_relaxed(waiters, 1U);
    chaos_delay();
    heavy_fence();  // L2
    while (!take()) {
        if (load_relaxed(in_forked_child)) fatal_in_child();  // its holder is not in this process
        chaos_delay();
        futex_wait(locked_, 1, -1);
        chaos_delay();
    }
    add_relaxed(waiters, -1U);  // L3
}

void m_lock::wake_one() {
    futex_wake(locked_, 1);
}

void note::wakeup() {
    // Release: to the sleeper's acquire. The sleeper may reuse the note's memory as soon as it sees 1, so the wake-up
    // may hit a word that is something else by then: futex wake-ups may be spurious everywhere here.
    exchange_acq_rel(key_, 1);
    futex_wake(key_, INT_MAX);
}

void note::sleep() {
    while (load_acquire(key_) == 0) futex_wait(key_, 0, -1);
}

bool note::sleep_for(std::int64_t ns) {
    std::int64_t until = nanotime() + ns;
    while (load_acquire(key_) == 0) {
        std::int64_t left = until - nanotime();
        if (left <= 0) return false;
        futex_wait(key_, 0, left);
    }
    return true;
}

}  // namespace gangway::runtime
