// SPDX-License-Identifier: BSD-3-Clause
// A callback's locals stay right while it makes many calls that allocate.
#include <memory>
#include <vector>

#include "../c/callback.h"
#include "../fixture.hpp"

namespace {

// Out of line, with its arguments on the heap.
__attribute__((noinline)) void xvariadic(std::initializer_list<int> x) {
    auto copy = std::make_unique<std::vector<int>>(x);
    ASSERT_EQ(1, copy->front());
}

int back_into_goroutine_code_ran = 0;

void back_into_goroutine_code() {
    volatile int x = 1;
    for (int i = 0; i < 10'000; i++) {
        xvariadic({x});
        ASSERT_EQ(1, x);
    }
    ++back_into_goroutine_code_ran;
}

GOROUTINE_TEST(issue1328, Test1328) {
    back_into_goroutine_code_ran = 0;
    gangway::call<&::call_times>(gangway::exported<&back_into_goroutine_code>, 1);
    EXPECT_EQ(1, back_into_goroutine_code_ran);
}

}  // namespace
