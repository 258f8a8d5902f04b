// SPDX-License-Identifier: BSD-3-Clause
// Looking for a goroutine to run.
#pragma once

#include "runtime/netpoll.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// Every 61st pick of a p looks further than its own queue first, so that a busy one starves neither the global queue nor
// timers nor descriptors.
constexpr std::uint32_t turn_of_others = 61;

// Now and then a yield in such a turn takes one from another p's queue: goroutines that never park go from p to p, and
// get equal shares where the ps' queues are not equally long. So many turns apart, in the mean.
constexpr std::uint32_t turns_of_sharing = 16;

inline bool sharing_is_due(const p* pp) {
    std::uint32_t tick = load_relaxed(pp->schedtick);
    return tick % turn_of_others == 0 && static_cast<std::int32_t>(tick - pp->next_sharing) >= 0 &&
           load_relaxed(sched.gomaxprocs) > 1;
}

inline bool scheduler_has_its_turn(const p* pp) {
    return load_relaxed(pp->schedtick) % turn_of_others == 0 &&
           (load_relaxed(sched.runqsize) != 0 || load_relaxed(pp->timers.earliest) != never_fires ||
            load_relaxed(netpoll_waiters) != 0 || sharing_is_due(pp));
}

// On g0, with a p. Returns with a p, perhaps another; sleeps without one. Stops for a stop-the-world.
g* findrunnable(m* mp);

// A look at all queues, from any thread.
bool any_work_queued();

// Asks the poller, without waiting, where goroutines wait for descriptors and nobody asks. On g0, with a p.
void poll_for_others();

// The m has found work and stops spinning. W3
void resetspinning(m* mp);

}  // namespace gangway::runtime
