// SPDX-License-Identifier: BSD-3-Clause
// Whether the calling goroutine has its thread for itself.
#pragma once

#include <cstdint>

#include <gangway/gangway.hpp>

namespace test {

// True when none of many goroutines, started one by one, ran on the thread that the caller is on. A goroutine that is
// not locked sees one there sooner or later: ask yield_until([] { return !has_thread_alone(); }).
inline bool has_thread_alone() {
    const std::uint64_t here = gangway::mid();
    for (int i = 0; i < 200; i++) {
        if (gangway::spawn([] { return gangway::mid(); }).join() == here) return false;
    }
    return true;
}

}  // namespace test
