// SPDX-License-Identifier: BSD-3-Clause
// What __morestack (morestack_amd64.S) calls. It is linked into the program, hidden, so that no lazy binding of it can
// touch the registers it has to keep; these two are the library's.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gangway/detail/export.hpp>

extern "C" {

// Which of XSAVE's components __morestack keeps (0: use FXSAVE), and how many bytes they take.
struct vector_state {
    std::uint32_t components;
    std::uint32_t size;
};
extern GANGWAY_API vector_state gangway_vector_state;

// sp: as it was at the function's entry; frame: what the function needs below it. Yields, or ends the process when the
// stack is really short, or returns at once where neither is due.
GANGWAY_API void gangway_newstack(std::uintptr_t sp, std::size_t frame);

// alloca in a function built with -fsplit-stack, where the guard says that there is no room: memory that lives at
// least until that function returns.
GANGWAY_API void* gangway_allocate_stack_space(std::uintptr_t sp, std::size_t size);

}  // extern "C"
