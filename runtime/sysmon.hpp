// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace gangway::runtime {

// Starts the monitor: a thread without an m or p that takes ps from long calls into C, asks goroutines that have run
// long to yield, and looks again where a deadlock was suspected.
void start_sysmon();

}  // namespace gangway::runtime
