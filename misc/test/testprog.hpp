// SPDX-License-Identifier: BSD-3-Clause
// Runs one of testprog/'s programs, and reads what it wrote.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "child.hpp"
#include "sizes.hpp"

namespace test {

inline ended run_testprog(const std::string& name, std::vector<std::string> environment = {}) {
    // What a program dies of is what it dies of: the sanitizers leave signals to it.
    for (const char* options : {"ASAN_OPTIONS", "TSAN_OPTIONS"}) {
        const char* set = std::getenv(options);
        environment.push_back(std::string(options) + "=" + (set != nullptr ? std::string(set) + ":" : "") +
                              "handle_segv=0:handle_abort=0:handle_sigbus=0");
    }
    ended e = run_child(TESTPROG, name, environment, std::chrono::seconds(under_sanitizer ? 120 : 60));
    EXPECT_TRUE(e.in_time) << name << " hangs\n" << e.out << e.err;
    return e;
}

inline int occurrences(const std::string& text, const std::string& what) {
    int n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

}  // namespace test
