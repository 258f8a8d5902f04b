// SPDX-License-Identifier: BSD-3-Clause
// A child of fork has one thread, the one that called it, and a copy of memory in which all others were in the middle of
// something. It may exec or _exit. There
//   - getm() is null, so what looks for its m takes the caller for a thread that the runtime does not know;
//   - runtime_started is false, so whatever needs the runtime comes to runtime_start_slow, which is fatal;
//   - a runtime lock that is held stays held: m_lock::lock_slow is fatal too.
// A call that forked still returns into its goroutine: there is no other way for it to exec.
#pragma once

#include <atomic>

namespace gangway::runtime {

extern std::atomic<bool> in_forked_child;

// Once, when the runtime starts.
void watch_for_forks();

[[noreturn]] void fatal_in_child() noexcept;

}  // namespace gangway::runtime
