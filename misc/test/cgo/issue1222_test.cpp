// SPDX-License-Identifier: BSD-3-Clause
// Structs that hold unions, by value both ways.
#include "../c/issue1222.h"

#include "../fixture.hpp"

namespace {

GOROUTINE_TEST(issue1222, unions_by_value) {
    async_event port = gangway::call<&::event_of_port>(4711);
    EXPECT_EQ(1, port.kind);
    EXPECT_EQ(4711, port.element.port);
    EXPECT_EQ(4711.0, gangway::call<&::read_event>(port));

    async_event rate = gangway::call<&::event_of_rate>(2.5);
    EXPECT_EQ(2, rate.kind);
    EXPECT_EQ(2.5, rate.element.rate);
    EXPECT_EQ(2.5, gangway::call<&::read_event>(rate));
}

GOROUTINE_TEST(issue1222, struct_in_memory) {
    device_context context{};
    context.mutex.align = 1200;
    context.commands = 22;
    EXPECT_EQ(1222, gangway::call<&::mutex_word>(context));
}

}  // namespace
