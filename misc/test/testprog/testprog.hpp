// SPDX-License-Identifier: BSD-3-Clause
// Programs that must die, hang or exit in one exact way: testprog NAME runs the one of that name, and crash_test checks
// how it ends.
//
//   PROGRAM(simple_deadlock) { ... }
#pragma once

namespace testprog {

struct program {
    program(const char* program_name, void (*program_run)());
    const char* name;
    void (*run)();
    const program* next;
};

}  // namespace testprog

#define PROGRAM(name)                                              \
    static void name();                                            \
    static const ::testprog::program name##_program(#name, &name); \
    static void name()
