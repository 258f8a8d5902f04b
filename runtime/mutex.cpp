// SPDX-License-Identifier: BSD-3-Clause
// mutex's slow paths. In normal mode a waiter that wakes competes with those who come; one that has waited for longer
// than 1 ms switches the mutex to starvation mode, in which unlock hands it to the first waiter and nobody who comes
// may take it. The last waiter, or one that waited less, switches back.
#include <gangway/mutex.hpp>

#include "runtime/chaos_window.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/sema.hpp"
#include "runtime/throw.hpp"

namespace gangway {

using namespace runtime;

namespace {
constexpr std::int64_t starvation_threshold = 1'000'000;  // ns
}

void mutex::lock_slow() {
    lock_slow("mutex::lock", wait_reason::mutex_lock);
}

void mutex::lock_slow(const char* what, wait_reason why) {
    std::int64_t waiting_since = 0;
    bool starving = false;
    bool awoke = false;
    std::int32_t old = load_relaxed(state_);
    for (;;) {
        std::int32_t wanted = old;
        // In starvation mode nobody may barge in: go to the queue.
        if ((old & mutex_starving) == 0) wanted |= mutex_locked;
        bool waits = (old & (mutex_locked | mutex_starving)) != 0;
        if (waits) {
            if (outside_of_runtime()) return as_goroutine(what, [&] { lock_slow(what, why); });
            check_can_park(what);
            wanted += 1 << mutex_waiter_shift;
        }
        if (starving && (old & mutex_locked) != 0) wanted |= mutex_starving;
        if (awoke) wanted &= ~mutex_woken;  // it was this one that unlock had woken
        if (!state_.compare_exchange_weak(old, wanted, std::memory_order_acquire, std::memory_order_relaxed))
            continue;
        if (!waits) return;

        const bool waited_before = waiting_since != 0;
        if (!waited_before) waiting_since = nanotime();
        semacquire(sema_, why, waited_before);
        starving |= nanotime() - waiting_since > starvation_threshold;
        old = load_relaxed(state_);
        if ((old & mutex_starving) != 0) {
            // It was handed over: locked for this one, which takes itself out of the waiters.
            std::int32_t change = mutex_locked - (1 << mutex_waiter_shift);
            if (!starving || old >> mutex_waiter_shift == 1) change -= mutex_starving;
            state_.fetch_add(change, std::memory_order_acquire);
            return;
        }
        awoke = true;
    }
}

// The one step that lets the next in also says whom it wakes: after it the mutex may be gone, but for sema_, which the
// waiter that is woken still needs.
void mutex::unlock_slow(std::int32_t old) {
    std::int32_t wanted = 0;
    bool hands_over = false, wakes = false;
    chaos_window();
    do {
        if ((old & mutex_locked) == 0) fatal("sync: unlock of unlocked mutex");
        wanted = old - mutex_locked;
        hands_over = (old & mutex_starving) != 0;
        wakes = !hands_over && old >> mutex_waiter_shift != 0 && (old & mutex_woken) == 0;
        if (wakes) wanted = (wanted - (1 << mutex_waiter_shift)) | mutex_woken;
    } while (!state_.compare_exchange_weak(old, wanted, std::memory_order_release, std::memory_order_relaxed));
    if (hands_over || wakes)
        semrelease(sema_, hands_over);  // handed over: straight to the first waiter, which goes next
}

}  // namespace gangway
