// SPDX-License-Identifier: BSD-3-Clause
#include <gangway/wait_group.hpp>
#include <stdexcept>
#include <string>

#include "runtime/atomic.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/sema.hpp"

namespace gangway {

using namespace runtime;

void wait_group::add(int n) {
    std::uint64_t delta = static_cast<std::uint64_t>(static_cast<std::uint32_t>(n)) << 32;
    // Release: what was done before done() is visible after wait().
    std::uint64_t now = state_.fetch_add(delta, std::memory_order_acq_rel) + delta;
    auto count = static_cast<std::int32_t>(now >> 32);
    auto waiters = static_cast<std::uint32_t>(now);
    if (count < 0) {
        state_.fetch_sub(delta, std::memory_order_relaxed);
        throw std::logic_error("gangway::wait_group::add(" + std::to_string(n) + "): negative counter");
    }
    if (count > 0 || waiters == 0) return;
    // The count is zero with waiters: none can come and no add may run beside this, so the word is this call's.
    store_relaxed(state_, 0U);
    for (; waiters != 0; waiters--) semrelease(sema_);
}

void wait_group::wait() {
    std::uint64_t now = load_acquire(state_);
    for (;;) {
        if (now >> 32 == 0) return;
        if (outside_of_runtime()) return as_goroutine("wait_group::wait", [this] { wait(); });
        check_can_park("wait_group::wait");
        if (state_.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire))
            break;
    }
    semacquire(sema_, wait_reason::wait_group_wait);
}

}  // namespace gangway
