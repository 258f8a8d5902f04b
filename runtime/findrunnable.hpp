// SPDX-License-Identifier: BSD-3-Clause
// Looking for a goroutine to run.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

// Every 61st pick of a p looks at the global queue first, so that a busy local queue does not starve it.
constexpr std::uint32_t global_queue_turn = 61;

inline bool global_queue_has_its_turn(const p* pp) {
    return load_relaxed(pp->schedtick) % global_queue_turn == 0 && load_relaxed(sched.runqsize) != 0;
}

// On g0, with a p. Returns with a p, perhaps another; sleeps without one. Stops for a stop-the-world.
g* findrunnable(m* mp);

// A look at all queues, from any thread.
bool any_work_queued();

// The m has found work and stops spinning. W3
void resetspinning(m* mp);

}  // namespace gangway::runtime
