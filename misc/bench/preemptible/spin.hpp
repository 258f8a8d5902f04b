// SPDX-License-Identifier: BSD-3-Clause
// Goroutine code that computes and never comes to the scheduler by itself; built so that the scheduler may come to it.
#pragma once

#include <atomic>

namespace bench {

void spin_until(std::atomic<bool>& done);

}  // namespace bench
