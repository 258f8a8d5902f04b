// SPDX-License-Identifier: BSD-3-Clause
// Walking a stack by its call frame information, from registers that need not be the caller's.
//
// libunwind walks. All that it reads of a stack it reads through a memory_reader, so that a stack that is in ruins, or
// that somebody runs on meanwhile, ends the walk early and does nothing worse. It takes no memory from malloc. Why this
// library and how it is kept off exceptions: docs/tracebacks.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/own_memory.hpp"

namespace gangway::runtime {

struct left_frame;

// In DWARF's order for x86-64.
struct registers {
    enum : unsigned { rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip, count };
    std::uint64_t value[count] = {};
    // pc is a return address: the call before it is what is under way.
    bool returning = false;
};

// The caller's own, as they are at this place. Whoever walks from them does so before it returns.
[[gnu::always_inline]] inline registers own_registers() {
    registers r;
    asm volatile(
        "leaq 0(%%rip), %%rax\n\t"
        "movq %%rax, 128(%0)\n\t"
        "movq %%rsp, 56(%0)\n\t"
        "movq %%rbp, 48(%0)\n\t"
        "movq %%rbx, 24(%0)\n\t"
        "movq %%r12, 96(%0)\n\t"
        "movq %%r13, 104(%0)\n\t"
        "movq %%r14, 112(%0)\n\t"
        "movq %%r15, 120(%0)"
        :
        : "r"(r.value)
        : "rax", "memory");
    return r;
}

// Those of a stack that was left by a switch (switch.hpp).
registers left_registers(const left_frame& f, std::uintptr_t sp);
// Those of a stack that was left by the stub for C (call_on_stack_amd64.S). False: not readable.
bool called_registers(memory_reader& memory, std::uintptr_t syscallsp, registers& to);

struct frame {
    std::uintptr_t pc;  // an address in the instruction that is under way
    std::uintptr_t sp;
    std::uintptr_t function;  // where it starts; 0: not known
    bool on_the_way_here;     // the runtime's own assembly or a signal's trampoline: nobody's function
};

enum class walk_end : std::uint8_t {
    root,     // all of it
    stopped,  // the visitor wanted no more
    no_info,  // the last frame's function has no call frame information
    broken,   // the stack makes no sense beyond
};

// f(frame, arg) for each frame from the innermost outward, until it says false. One at a time for each memory.
using frame_visitor = bool (*)(const frame& f, void* arg);
walk_end walk(const registers& from, memory_reader& memory, frame_visitor f, void* arg);

// Whether an address is in a loaded object.
bool is_code(std::uintptr_t pc);

// At start: what the library allocates, it allocates here.
void unwind_init();

}  // namespace gangway::runtime
