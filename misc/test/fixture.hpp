// SPDX-License-Identifier: BSD-3-Clause
// Tests whose body is goroutine code.
//
//   GOROUTINE_TEST(mutex, excludes) { ... }
//
// is a GoogleTest test whose body runs inside gangway::run() with as many ps as GANGWAY_MAXPROCS says (all CPUs
// without it; ctest runs each file at 1, 2 and 8). After the body nothing may be left: each goroutine that it started
// has ended, or the test fails with the stacks of those that have not.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <gangway/gangway.hpp>

#include "runtime/traceback.hpp"
#include "sizes.hpp"

namespace test {

// How many ps a test's body has.
inline int ps() {
    const char* set = std::getenv("GANGWAY_MAXPROCS");
    return set != nullptr ? std::atoi(set) : gangway::num_cpu();
}

// Yields until done(). False after a time that nothing waits for on a machine that works: the caller fails then.
template <class Predicate>
[[nodiscard]] bool yield_until(Predicate done) {
    using clock = std::chrono::steady_clock;
    const auto deadline = clock::now() + std::chrono::seconds(under_sanitizer ? 120 : 30);
    while (!done()) {
        if (clock::now() > deadline) return false;
        gangway::gosched();
    }
    return true;
}

// How many goroutines are in a state: "chan receive", "runnable" ... Stops nobody and waits for nobody.
inline int goroutines_in(const std::string& state) {
    return gangway::runtime::count_goroutines_in(state);
}

// Yields until n goroutines wait in that state: "mutex lock". False when that takes too long. One that was woken
// before it had left its stack is counted until it goes on: so ask about those that wait for the first time.
[[nodiscard]] inline bool until_parked(int n, const std::string& state) {
    return yield_until([&] { return goroutines_in(state) == n; });
}

// Yields until the caller is the only goroutine: before a body returns whose variables others may still use.
[[nodiscard]] inline bool until_alone() {
    return yield_until([] { return gangway::num_goroutine() <= (gangway::on_goroutine() ? 1 : 0); });
}

// The options that tests run with: each sets all of them, for the runtime keeps what an earlier run() set.
inline gangway::options with_ps(int n) {
    gangway::options o;
    o.maxprocs = n;
    return o;
}

// body() as the main goroutine, and the check that it left nothing.
template <class Body>
void run_and_check(const gangway::options& opts, Body&& body) {
    gangway::run(opts, [&] {
        const int before = gangway::num_goroutine();
        body();
        // Less: what was ending when the body began.
        if (!yield_until([&] { return gangway::num_goroutine() <= before; })) {
            ADD_FAILURE() << "goroutines were left:\n" << gangway::stacks();
        }
    });
}

template <class Body>
void run_and_check(Body&& body) {
    run_and_check(with_ps(ps()), std::forward<Body>(body));
}

}  // namespace test

#define GOROUTINE_TEST(suite, name)                    \
    static void suite##_##name##_body();               \
    TEST(suite, name) {                                \
        ::test::run_and_check(&suite##_##name##_body); \
    }                                                  \
    static void suite##_##name##_body()
