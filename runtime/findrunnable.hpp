// SPDX-License-Identifier: BSD-3-Clause
// Looking for a goroutine to run.
#pragma once

#include "runtime/netpoll.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// Every 61st pick of a p looks further than its own queue first, so that a busy one starves neither the global queue nor
// timers nor descriptors.
constexpr std::uint32_t turn_of_others = 61;

inline bool scheduler_has_its_turn(const p* pp) {
    return load_relaxed(pp->schedtick) % turn_of_others == 0 &&
           (load_relaxed(sched.runqsize) != 0 || load_relaxed(pp->timers.earliest) != never_fires ||
            load_relaxed(netpoll_waiters) != 0);
}

// On g0, with a p. Returns with a p, perhaps another; sleeps without one. Stops for a stop-the-world.
g* findrunnable(m* mp);

// A look at all queues, from any thread.
bool any_work_queued();

// The m has found work and stops spinning. W3
void resetspinning(m* mp);

}  // namespace gangway::runtime
