// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/skipped.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "runtime/symbolize.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

struct code_name {
    char text[400] = "";
    std::size_t length = 0;
    void put(const char* from, std::size_t n) {
        n = std::min(n, sizeof text - 1 - length);
        std::memcpy(text + length, from, n);
        length += n;
        text[length] = '\0';
    }
};

void name_code(std::uintptr_t code, code_name& to) {
    symbolize(
        code,
        [](const symbol& s, void* at) {
            auto& name = *static_cast<code_name*>(at);
            if (s.function == nullptr) return;
            name.length = 0;  // the last is the function itself
            auto put = [](const char* text, std::size_t n, void* into) {
                static_cast<code_name*>(into)->put(text, n);
            };
            if (!demangle(s.function, put, &name)) name.put(s.function, std::strlen(s.function));
        },
        &to);
    if (to.length == 0) to.put("?", 1);
}

}  // namespace

void fatal_skipped_callback(std::uintptr_t callback, std::uintptr_t call) noexcept {
    systemstack([&]() noexcept {
        code_name skipped, below;
        name_code(callback, skipped);
        if (call != 0) name_code(call, below);
        char line[900];
        std::snprintf(line, sizeof line, "runtime: C left the callback %s%s%s", skipped.text,
                      call != 0 ? "\nruntime: in the call " : "", below.text);
        fatal_with(line, "longjmp across a callback");
    });
    __builtin_unreachable();
}

}  // namespace gangway::runtime
