// SPDX-License-Identifier: BSD-3-Clause
// The runtime's start, at first use, and its stop when the process exits.
#pragma once

#include <atomic>

#include "runtime/atomic.hpp"

namespace gangway {
struct options;
}

namespace gangway::runtime {

extern std::atomic<bool> runtime_started;  // release: all that the start has set up

void runtime_start_slow(const options* opts);

// Starts the runtime when it has not been. opts (may be null) is what it starts with, or is applied to it.
// Throws std::invalid_argument for an option or environment variable out of range, naming it.
inline void runtime_start(const options* opts = nullptr) {
    if (!load_acquire(runtime_started) || opts != nullptr) [[unlikely]]
        runtime_start_slow(opts);
}

}  // namespace gangway::runtime
