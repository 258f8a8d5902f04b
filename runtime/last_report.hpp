// SPDX-License-Identifier: BSD-3-Clause
// Where the report of a process that is dying runs, and what keeps it from being the next thing that goes wrong.
#pragma once

namespace gangway::runtime {

// f() on a stack kept for it: the one it died on may be used up, or be a small alternate one. A fault in f is said and
// ends the process by abort(), and so is an f that is still under way after a time limit. Once in a process.
void run_last_report(void (*f)()) noexcept;

}  // namespace gangway::runtime
