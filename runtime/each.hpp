// SPDX-License-Identifier: BSD-3-Clause
// Every m and every p that was ever made.
#pragma once

#include "runtime/types.hpp"

namespace gangway::runtime {

template <class F>
void each_m(F f) {
    for (m* mp = load_acquire(sched.allm); mp != nullptr; mp = mp->alllink) f(*mp);
}

template <class F>
void each_p(F f) {
    for (std::uint32_t i = 0; p* pp = all_p(i); i++) {
        f(*pp);
    }
}

}  // namespace gangway::runtime
