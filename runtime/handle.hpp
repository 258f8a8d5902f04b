// SPDX-License-Identifier: BSD-3-Clause
// What the statistics and the heap dump ask the table of handles.
#pragma once

#include <cstdint>

namespace gangway::runtime {

// How many there are. Any thread.
std::uint64_t living_handles();

// Each of them: what pointer() gives, and the mangled name of its value's type. f is called under a lock: it takes none,
// and makes and releases no handle.
using handle_visitor = void (*)(std::uintptr_t id, const char* type, void* arg);
void for_each_handle(handle_visitor f, void* arg);

}  // namespace gangway::runtime
