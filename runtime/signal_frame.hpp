// SPDX-License-Identifier: BSD-3-Clause
// Whether the caller runs in a signal's handler.
#pragma once

namespace gangway::runtime {

// Any thread. Cheap where it is false. A handler with frames of more than 2 KB is not seen as one.
bool in_signal_handler();

}  // namespace gangway::runtime
