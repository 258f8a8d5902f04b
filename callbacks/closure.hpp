// SPDX-License-Identifier: BSD-3-Clause
// Pointers that C may call, each with a C++ object behind it: libffi's closures, and what it takes to free one while
// others may be calling it.
//
//  CL1 A closure is living, then released, then gone; its memory and code stay for the next. Calls count themselves in
//     before they look whether it lives, and release looks at the counts after it has said that it does not: so either
//     the call finds it released, which is fatal, or its end finds the target to be destroyed.
//  CL2 Calls out of C on one m, the owner, which is the first that called, count in own_calls, which that m alone writes:
//     no locked instruction. All others count in other_calls. The owner's side of CL1 is the hot side of fence.hpp's
//     pair; who else looks at own_calls has done a heavy_fence after the release.
//  CL3 Of those who find a released closure without calls one takes it from released to gone, and destroys the target.
//      misc/model/closure.pml is of these three.
//  CL4 A closure that is gone serves again only when so many others have gone after it: until then a late call finds it
//     gone, and what it was.
#pragma once

#include <gangway/detail/closure.hpp>
#include <memory>

#include "callbacks/cif.hpp"

namespace gangway::runtime {

constexpr int closures_kept_from_use = 1024;  // CL4

// Throws std::bad_alloc. Any thread.
detail::closure* new_closure(const signature_description& signature,
                             std::unique_ptr<detail::closure_target> target, detail::place where);

}  // namespace gangway::runtime
