// SPDX-License-Identifier: BSD-3-Clause
// What a process that dies says of its goroutines: testprog/traceback.cpp, each in a process of its own.
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testprog.hpp"

namespace {

using test::occurrences;
using test::run_testprog;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

bool in_order(const std::string& text, const std::vector<std::string>& names) {
    std::size_t at = 0;
    for (const std::string& name : names) {
        at = text.find(name, at);
        if (at == std::string::npos) return false;
        at += name.size();
    }
    return true;
}

test::ended run_fatal(const std::string& name, std::vector<std::string> environment = {}) {
    test::ended e = run_testprog(name, std::move(environment));
    EXPECT_EQ(SIGABRT, e.signal) << e.err;
    EXPECT_EQ(1, occurrences(e.err, "fatal error:")) << e.err;
    return e;
}

TEST(traceback, shows_the_functions_of_the_program) {
    const auto e = run_fatal("traceback_parked");
    EXPECT_TRUE(in_order(e.err, {"fatal error: ", "goroutine 1 [running", "unlocks_wrongly()", "goroutine ",
                                 "[chan receive", "waits_for_ever("}))
        << e.err;
    EXPECT_THAT(e.err, Not(HasSubstr("gangway::runtime::")));
    EXPECT_THAT(e.err, Not(HasSubstr("runtime:")));
}

TEST(traceback, allframes_shows_the_runtimes_too) {
    EXPECT_THAT(run_fatal("traceback_parked", {"GANGWAY_DEBUG=allframes"}).err, HasSubstr("gangway::runtime::"));
}

TEST(traceback, CrashDumpsAllThreads) {
    EXPECT_EQ(4, occurrences(run_fatal("traceback_crash_dumps_all_threads").err, "::tight_loop()"));
}

TEST(traceback, PanicSystemstack) {
    const auto e = run_fatal("traceback_in_c");
    EXPECT_TRUE(in_order(e.err, {"[syscall", "spin_in_c(", "cgocall(", "calls_spin(", "[syscall", "spin_in_c(",
                                 "cgocall(", "calls_spin("}))
        << e.err;
}

// panic.go:PanicCallback
TEST(traceback, PanicCallback) {
    const auto e = run_fatal("traceback_in_callback");
    EXPECT_TRUE(in_order(e.err, {"unlocks_wrongly(", "fails_in_callback(", "cgocallback(", "inner_in_c(",
                                 "outer_in_c(", "cgocall(", "calls_failing("}))
        << e.err;
}

TEST(traceback, of_a_stack_overflow) {
    for (const char* name : {"traceback_overflow", "traceback_overflow_small_altstack"}) {
        const auto e = run_fatal(name);
        EXPECT_TRUE(in_order(
            e.err, {"fatal error: stack overflow", "[running", "recurse_for_traceback(", "starts_recursion("}))
            << e.err;
    }
    EXPECT_THAT(run_fatal("traceback_overflow").err, HasSubstr("waits_for_ever("));
}

TEST(traceback, with_mallocs_lock_held) {
    if (test::under_tsan) GTEST_SKIP() << "the sanitizer puts the signal off for as long as malloc_trim is called";
    const auto e = run_fatal("traceback_with_malloc_locked");
    EXPECT_THAT(e.err, HasSubstr("unlocks_wrongly("));
}

TEST(traceback, a_fault_inside_the_report_is_said) {
    const auto e = run_fatal("traceback_that_faults");
    EXPECT_THAT(e.err, HasSubstr("runtime: fault inside the report"));
}

TEST(traceback, two_at_once_make_one_report) {
    const auto e = run_fatal("traceback_two_at_once");
    EXPECT_LE(occurrences(e.err, "::unlocks_wrongly()"), 4);
    EXPECT_GE(occurrences(e.err, "::unlocks_wrongly()"), 1);
}

TEST(traceback, sigquit_writes_and_goes_on) {
    const auto e = run_testprog("traceback_sigquit", {"GANGWAY_DEBUG=sigquit"});
    EXPECT_EQ(0, e.code) << e.err;
    EXPECT_EQ("went on\n", e.out);
    EXPECT_EQ(2, occurrences(e.err, "SIGQUIT: quit")) << e.err;
    EXPECT_EQ(8, occurrences(e.err, "::tight_loop()")) << e.err;
    EXPECT_EQ(2, occurrences(e.err, "waits_for_ever(")) << e.err;
    EXPECT_EQ(SIGQUIT, run_testprog("traceback_sigquit").signal);
}

}  // namespace
