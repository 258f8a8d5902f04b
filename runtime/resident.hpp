// SPDX-License-Identifier: BSD-3-Clause
// How much of the stacks is in memory.
#pragma once

#include <cstdint>

namespace gangway::runtime {

// As mincore(2) says, or said a moment ago: it takes some 300 ns for each stack, which would be nearly all that
// read_mem_stats costs. It is asked again when another number of bytes is in use, and once 20 times as long has passed as
// it took: so it never takes more than a twentieth of who asks for ever. On a big stack.
std::uint64_t resident_stack_bytes_lately(std::uint64_t in_use_bytes);

}  // namespace gangway::runtime
