// SPDX-License-Identifier: BSD-3-Clause
#include <gangway/call_once.hpp>

#include "runtime/types.hpp"

namespace gangway {

void once_flag::lock() {
    running_.lock_slow("call_once", runtime::wait_reason::call_once);
}

}  // namespace gangway
