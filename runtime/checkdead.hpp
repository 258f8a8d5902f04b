// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace gangway::runtime {

// sched.lock held. When nothing can ever run again: fatal, with the lock released first. Called whenever an m goes to
// sleep. Not dead are: a process none of whose threads is in run(), and one with threads that the runtime does not
// know, for they may call in (then sched.dead_suspect asks the monitor to look again now and then).
void checkdead();

}  // namespace gangway::runtime
