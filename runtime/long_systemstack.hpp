// SPDX-License-Identifier: BSD-3-Clause
// Something of the runtime's own that takes its time, from goroutine code.
#pragma once

#include <type_traits>

#include "runtime/syscall.hpp"
#include "runtime/systemstack.hpp"

namespace gangway::runtime {

// f() on g0 as a call into C: others may have the p meanwhile. Elsewhere than on a goroutine's small stack right here.
// May return on another m. f does not park, throw, or call back.
template <class F>
void long_systemstack(F&& f) {
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) {
        run_here(f);
        return;
    }
    g* gp = mp->curg;
    entersyscall(mp);
    call_on_g0(
        gp, &mp->g0,
        [](void* at) {
            (*static_cast<std::remove_reference_t<F>*>(at))();
            return std::uint64_t{0};
        },
        &f, &gp->syscallsp);
    exitsyscall(mp, gp);
}

}  // namespace gangway::runtime
