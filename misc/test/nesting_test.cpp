// SPDX-License-Identifier: BSD-3-Clause
// Calls and callbacks inside each other, to a depth that only the two stacks bound.
#include <alloca.h>

#include <cstdint>

#include "c/callback.h"
#include "c/nested.h"
#include "fixture.hpp"

namespace {

constexpr std::int64_t levels = 1000;

gangway::options deep_stack() {
    gangway::options opts = test::with_ps(test::ps());
    opts.stack_size = 16 << 20;
    return opts;
}

// A level's locals must be as they were when the levels below it are done.
std::int64_t one_level(std::int64_t depth) {
    volatile std::int64_t local[4] = {depth, depth + 1, depth + 2, depth + 3};
    if (depth == 0) {
        gangway::gosched();
        return 0;
    }
    const std::int64_t below = gangway::call<&::descend>(gangway::exported<&one_level>, depth);
    for (int i = 0; i < 4; i++) EXPECT_EQ(depth + i, local[i]);
    return below;
}

TEST(nesting, a_thousand_levels) {
    test::run_and_check(deep_stack(), [] {
        EXPECT_EQ(levels, one_level(levels));
        EXPECT_EQ(levels, gangway::spawn([] { return one_level(levels); }).join());
    });
}

std::int64_t yields_on_the_way(std::int64_t depth) {
    gangway::gosched();
    const std::int64_t n =
        depth == 0 ? 0 : gangway::call<&::descend>(gangway::exported<&yields_on_the_way>, depth);
    gangway::gosched();
    return n;
}

TEST(nesting, several_goroutines_park_at_every_level) {
    test::run_and_check(deep_stack(), [] {
        gangway::wait_group done;
        for (int i = 0; i < 8; i++) {
            done.go([i] { EXPECT_EQ(20 + i, yields_on_the_way(20 + i)); });
        }
        done.wait();
    });
}

std::int64_t throws_at_the_bottom(std::int64_t depth) {
    if (depth == 0) throw depth;
    return gangway::call<&::descend>(gangway::exported<&throws_at_the_bottom>, depth);
}

TEST(nesting, an_exception_through_a_thousand_levels) {
    test::run_and_check(deep_stack(), [] {
        EXPECT_THROW(throws_at_the_bottom(levels), std::int64_t);
        EXPECT_EQ(10, one_level(10));
    });
}

// testCallbackStack: a call with a callback in it from many depths of the goroutine's stack, a few bytes apart.
GOROUTINE_TEST(nesting, testCallbackStack) {
    for (unsigned depth = 4; depth <= 5000; depth += 4) {
        auto from_depth = [depth]() __attribute__((noinline)) {
            auto* below = static_cast<volatile char*>(alloca(depth));
            below[0] = 'b';
            const std::int64_t n = gangway::call<&::descend>(gangway::exported<&one_level>, 1);
            return n == 1 && below[0] == 'b';
        };
        ASSERT_TRUE(from_depth()) << depth;
    }
}

}  // namespace
