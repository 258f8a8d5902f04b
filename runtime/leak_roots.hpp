// SPDX-License-Identifier: BSD-3-Clause
// What goroutines hold when the process ends, for LeakSanitizer: it looks for pointers on the stacks of threads, and a
// goroutine that waits, or is stopped, is on none.
#pragma once

namespace gangway::runtime {

// With the world stopped for good. Nothing where no LeakSanitizer is in the process. Takes the stack lock.
void show_leak_roots();

}  // namespace gangway::runtime
