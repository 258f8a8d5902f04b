// SPDX-License-Identifier: BSD-3-Clause
// GANGWAY_DEBUG=sigquit: SIGQUIT writes every goroutine to standard error, and the program goes on.
#pragma once

namespace gangway::runtime {

// At start. A thread of its own writes: the signal may come while any lock is held.
void start_sigquit();
bool sigquit_started();

}  // namespace gangway::runtime
