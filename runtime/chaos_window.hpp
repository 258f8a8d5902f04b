// SPDX-License-Identifier: BSD-3-Clause
// Places where chaos (chaos.hpp) lingers between two steps of a protocol. They change nothing but how long it takes.
#pragma once

namespace gangway::runtime {

[[gnu::visibility("hidden")]] extern bool chaos_on;  // set once, before the first m

void chaos_linger();

// A window in a slow path: nothing, a few us, or the core given to another thread.
inline void chaos_delay() {
    if (chaos_on) [[unlikely]]
        chaos_linger();
}

// A window in a fast path.
inline void chaos_window() {
#if defined(GANGWAY_CHAOS_WINDOWS)
    chaos_delay();
#endif
}

}  // namespace gangway::runtime
