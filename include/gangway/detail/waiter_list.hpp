// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>

namespace gangway::detail {

struct waiter;

// Goroutines that wait, in the order in which they came. runtime/waiter_list.hpp has what is done with it.
struct waiter_list {
    std::atomic<waiter*> first{nullptr};
    waiter* last = nullptr;
};

}  // namespace gangway::detail
