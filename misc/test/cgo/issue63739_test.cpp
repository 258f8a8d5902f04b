// SPDX-License-Identifier: BSD-3-Clause
// CgoEscapeWithMultiplePointers: C works on locals of the goroutine, from every depth of its stack.
#include "../c/pointers.h"
#include "../fixture.hpp"

namespace {

__attribute__((noinline)) int escape_at_depths(int depth) {
    int a = depth;
    int b = 2 * depth;
    int c = 3 * depth;
    const int sum = gangway::call<&::add_to_three>(&a, &b, &c);
    EXPECT_EQ(depth + 1, a);
    EXPECT_EQ(2 * depth + 2, b);
    EXPECT_EQ(3 * depth + 3, c);
    EXPECT_EQ(6 * depth + 6, sum);
    const int below = depth == 0 ? 0 : escape_at_depths(depth - 1);
    return below + (a - depth);  // a is used after the recursion: no tail call
}

constexpr int depths = 1024;

TEST(issue63739, CgoEscapeWithMultiplePointers) {
    gangway::options opts = test::with_ps(test::ps());
    opts.stack_size = 4 << 20;
    test::run_and_check(opts, [] { EXPECT_EQ(depths, escape_at_depths(depths - 1)); });
}

}  // namespace
