// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/chaos.hpp"

#include <sched.h>

#include "runtime/preempt.hpp"
#include "runtime/proc.hpp"
#include "runtime/syscall.hpp"

namespace gangway::runtime {

constinit bool chaos_on = false;

namespace {

constexpr std::uint32_t longest_spin = 2'000;  // pauses: some us up to 80, by the processor
constexpr std::int64_t longest_nap = 200'000;  // ns

constinit std::uint64_t chaos_seed = 0;
constinit std::atomic<std::uint64_t> foreign_threads{0};

// Of a thread that is no m: the monitor, and the program's own. Not inlined into what switches: a thread-local.
[[gnu::noinline]] std::uint32_t foreign_random() {
    static thread_local std::uint32_t x = chaos_seed_of(~add_relaxed(foreign_threads, 1U));
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

std::uint32_t chaos_random() {
    m* mp = getm();
    return mp != nullptr ? fastrand(mp) : foreign_random();
}

g* steal_from_any(m* mp, p* pp) {
    auto n = num_procs();
    p* victim = all_p(fastrand(mp) % n);
    if (victim == pp) return nullptr;
    bool left_alone = false;
    g* gp = runqsteal(pp, victim);
    if (gp == nullptr) gp = runqsteal_next(victim, &left_alone);
    if (gp != nullptr) wakep();  // it does not spin: nobody may know of the others that it took. W1
    return gp;
}

void ask_to_yield(m* mp) {
    sched.lock.lock();
    request_preempt(&mp, 1);
    sched.lock.unlock();
}

}  // namespace

void chaos_init(std::uint64_t seed) {
    chaos_seed = seed;
    chaos_on = true;
    store_relaxed(sched.attention, attention_chaos);
}

std::uint32_t chaos_seed_of(std::uint64_t m_id) {
    std::uint64_t x = (chaos_seed + m_id) * 0x9E3779B97F4A7C15;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9;
    return static_cast<std::uint32_t>(x >> 32) | 1;
}

bool chaos_happens(std::uint32_t one_in) {
    return chaos_random() % one_in == 0;
}

void chaos_linger() {
    std::uint32_t r = chaos_random();
    if (r % 2 == 0) return;
    if (r / 2 % 16 == 0) {
        sched_yield();
        return;
    }
    // Mostly as short as the windows themselves.
    std::uint32_t spins = r / 32 % (r / 2 % 8 == 1 ? longest_spin : 32);
    for (std::uint32_t i = 0; i < spins; i++) cpu_relax();
}

void chaos_ask(m* mp) {
    if (chaos_happens(16)) ask_to_yield(mp);
}

void chaos_call(m* mp) {
    std::uint32_t r = chaos_random() % 32;
    if (r == 0) entersyscallblock(mp);
    if (r == 1) ask_to_yield(mp);
    if (r < 4) chaos_linger();
}

g* chaos_next(p* pp) {
    switch (chaos_random() % 4) {
        case 0:
            return nullptr;
        case 1:
            return runqget_ring(pp);
        default:
            return runqget(pp);
    }
}

g* chaos_pick(m* mp, bool* other_p) {
    *other_p = false;
    p* pp = mp->p;
    switch (chaos_random() % 32) {
        case 0:
            if (mp->spinning) return nullptr;
            handoffp(releasep(mp));
            chaos_linger();
            stopm(mp);
            *other_p = true;
            return nullptr;
        case 1:
            wakep();  // for nothing
            return nullptr;
        case 2:
        case 3:
            return runqget_ring(pp);
        case 4:
        case 5:
            return runqlen(pp) == 0 ? steal_from_any(mp, pp) : nullptr;
        default:
            return nullptr;
    }
}

std::int64_t chaos_nap() {
    return 1 + chaos_random() % longest_nap;
}

}  // namespace gangway::runtime
