// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/blocking_habit.hpp"

#include <algorithm>

namespace gangway::runtime {

constinit std::atomic<callee> blocking_callees[callee_slots]{};
constinit std::atomic<bool> some_callee_blocks{false};

namespace {

constexpr std::int64_t long_enough = 20'000;  // ns: the monitor would have found it
constexpr std::uint32_t first_needed = 16;    // takes that make it a rule
constexpr std::uint32_t most_needed = 1U << 20;
constexpr std::int32_t full_trust = 64;
constexpr std::int32_t short_call = full_trust / 4;  // what a short call takes away; a long one gives 1

struct experience {
    std::atomic<callee> of{nullptr};
    std::atomic<std::uint32_t> takes{0};
    std::atomic<std::uint32_t> needed{first_needed};
    std::atomic<std::int32_t> trust{0};
};

experience experiences[callee_slots];

}  // namespace

void note_taken(callee fn) {
    if (fn == nullptr) return;  // the m has called nothing yet: the runtime's own work
    experience& e = experiences[slot_of(fn)];
    if (load_relaxed(e.of) != fn) {
        store_relaxed(e.of, fn);
        store_relaxed(e.takes, 0U);
        store_relaxed(e.needed, first_needed);
    }
    count(e.takes);
    if (load_relaxed(e.takes) < load_relaxed(e.needed)) return;
    store_relaxed(e.takes, 0U);
    store_relaxed(e.trust, full_trust);
    store_relaxed(blocking_callees[slot_of(fn)], fn);
    store_relaxed(some_callee_blocks, true);
}

void note_handed_over(callee fn, std::int64_t ns) {
    experience& e = experiences[slot_of(fn)];
    if (ns >= long_enough) {
        if (load_relaxed(e.trust) < full_trust) count(e.trust);
        return;
    }
    count(e.trust, -short_call);
    if (load_relaxed(e.trust) > 0) return;
    store_relaxed(blocking_callees[slot_of(fn)], nullptr);
    store_relaxed(e.needed, std::min(2 * load_relaxed(e.needed), most_needed));
}

}  // namespace gangway::runtime
