// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace gangway::runtime {

// The lines of docs/heap_dump.md. Stops the world; may park and return on another m. Throws std::bad_alloc.
std::string heap_dump();

}  // namespace gangway::runtime
