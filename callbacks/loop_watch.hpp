// SPDX-License-Identifier: BSD-3-Clause
// GANGWAY_DEBUG=loopwait=MS: tells of a goroutine that keeps an event loop waiting.
#pragma once

#include <gangway/mutex.hpp>
#include <memory>

#include "runtime/types.hpp"

namespace gangway::runtime {

// Looks after the goroutine that made it, from another one, until it is destroyed. Where the setting is off it does nothing.
class loop_watch {
public:
    loop_watch();
    ~loop_watch();
    loop_watch(const loop_watch&) = delete;
    loop_watch& operator=(const loop_watch&) = delete;

private:
    struct shared;
    std::shared_ptr<shared> shared_;
};

}  // namespace gangway::runtime
