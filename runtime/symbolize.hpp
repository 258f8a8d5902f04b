// SPDX-License-Identifier: BSD-3-Clause
// Names for addresses: libbacktrace reads symbol tables and DWARF, libiberty demangles. Neither takes memory from
// malloc, so a process that died inside malloc can name its frames.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gangway::runtime {

struct symbol {
    const char* function;  // as the linker knows it, else as DWARF has it; null: not known
    const char* file;      // null: not known
    int line;
    bool inlined;  // into the next one
};

// f for each function that pc is in: those that were inlined from the innermost outward, last the one that is called.
// One at a time.
using symbol_visitor = void (*)(const symbol& s, void* arg);
void symbolize(std::uintptr_t pc, symbol_visitor f, void* arg);

// The file of the loaded object that pc is in, and where in it. Null: in none.
const char* object_of(std::uintptr_t pc, std::uintptr_t& offset);

// Gives the parts of a demangled name to put, or false.
using text_visitor = void (*)(const char* text, std::size_t n, void* arg);
bool demangle(const char* name, text_visitor put, void* arg);

// Objects that were loaded since are to be known. True: there are some, or some are gone. Takes the loader's lock: not for
// a process that is dying.
bool symbols_refresh();
// Whoever was inside has not come to its end, and what it has left cannot be relied on.
void symbols_abandon();

}  // namespace gangway::runtime
