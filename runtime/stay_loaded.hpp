// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace gangway::runtime {

// The shared object that this code is in, the library's own or a plug-in that has it linked in, stays in memory when it is
// dlclosed: the runtime's threads go on in it.
void stay_loaded();

}  // namespace gangway::runtime
