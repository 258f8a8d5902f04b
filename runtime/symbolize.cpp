// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/symbolize.hpp"

#include <algorithm>
#include <backtrace.h>
#include <cstring>
#include <dlfcn.h>
#include <link.h>

// libiberty's demangle.h is C of another age and defines what <libiberty.h> does; this is its one function and two of
// its options that are wanted.
extern "C" int cplus_demangle_v3_callback(const char* mangled, int options,
                                          void (*put)(const char*, size_t, void*), void* arg);

namespace gangway::runtime {

namespace {

constexpr int demangle_params = 1 << 0;
constexpr int demangle_ansi = 1 << 1;
constexpr int most_inlined = 16;
// A state knows the objects that were loaded when it was made, and can be replaced but not freed.
constexpr int most_states = 32;

backtrace_state* state = nullptr;  // the symbols' lock; or by whoever dies
int states = 0;
unsigned long long objects_changed = 0;

void no_error(void*, const char*, int) {}

backtrace_state* get_state() {
    if (state == nullptr) state = backtrace_create_state(nullptr, 1, &no_error, nullptr);
    return state;
}

unsigned long long count_changes() {
    unsigned long long changes = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* to) {
            *static_cast<unsigned long long*>(to) = info->dlpi_adds + info->dlpi_subs;
            return 1;
        },
        &changes);
    return changes;
}

struct found {
    symbol all[most_inlined];
    int n = 0;
};

int keep_line(void* arg, std::uintptr_t, const char* file, int line, const char* function) {
    auto* to = static_cast<found*>(arg);
    if (function == nullptr && file == nullptr) return 0;
    if (to->n == most_inlined) to->n--;  // the last is the one that is called
    to->all[to->n++] = {function, file, line, true};
    return 0;
}

void keep_name(void* arg, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
    *static_cast<const char**>(arg) = name;
}

}  // namespace

bool symbols_refresh() {
    unsigned long long now = count_changes();
    if (now == objects_changed) return false;
    objects_changed = now;
    if (states == most_states) return true;
    states++;
    state = nullptr;
    return true;
}

void symbols_abandon() {
    state = nullptr;
}

void symbolize(std::uintptr_t pc, symbol_visitor f, void* arg) {
    found lines;
    const char* name = nullptr;
    if (backtrace_state* s = get_state()) {
        backtrace_pcinfo(s, pc, &keep_line, &no_error, &lines);
        backtrace_syminfo(s, pc, &keep_name, &no_error, &name);
    }
    if (lines.n == 0) lines.all[lines.n++] = {name, nullptr, 0, false};
    symbol& called = lines.all[lines.n - 1];
    called.inlined = false;
    if (name != nullptr) called.function = name;  // DWARF leaves the scope out where there is no linkage name
    for (int i = 0; i < lines.n; i++) f(lines.all[i], arg);
}

const char* object_of(std::uintptr_t pc, std::uintptr_t& offset) {
    dl_find_object object{};
    if (_dl_find_object(reinterpret_cast<void*>(pc), &object) != 0) return nullptr;
    offset = pc - reinterpret_cast<std::uintptr_t>(object.dlfo_map_start);
    const char* name = object.dlfo_link_map->l_name;
    return name[0] != '\0' ? name : "the program";
}

bool demangle(const char* name, text_visitor put, void* arg) {
    if (std::strncmp(name, "_Z", 2) != 0) return false;
    return cplus_demangle_v3_callback(name, demangle_params | demangle_ansi, put, arg) != 0;
}

}  // namespace gangway::runtime
