// SPDX-License-Identifier: BSD-3-Clause
// For libraries whose threads wait for each other by futexes of their own. ThreadSanitizer does not see those, so what one
// thread has done before the library wakes another looks to it like a race with what that one does after.
#pragma once

#include <atomic>

namespace test {

// What was done before any earlier handover has been done.
inline void handover() {
    static std::atomic<int> all{0};
    all.fetch_add(1, std::memory_order_acq_rel);
}

struct handover_at_end {
    handover_at_end() = default;
    handover_at_end(const handover_at_end&) = delete;
    handover_at_end& operator=(const handover_at_end&) = delete;
    ~handover_at_end() { handover(); }
};

}  // namespace test
