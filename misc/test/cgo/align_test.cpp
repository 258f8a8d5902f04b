// SPDX-License-Identifier: BSD-3-Clause
// C and its caller agree on where the parts of a struct lie, and arguments arrive where C looks for them.
#include "../c/align.h"

#include <array>
#include <cstddef>

#include "../c/empty.h"
#include "../fixture.hpp"

namespace {

GOROUTINE_TEST(align, TestAlign) {
    keyboard_event event{};
    gangway::call<&::make_event>(&event);
    EXPECT_EQ(1, gangway::call<&::same_event>(&event, event.typ, event.which, event.state, event.keysym.scancode,
                                              event.keysym.sym, event.keysym.mod, event.keysym.unicode));
    EXPECT_EQ(0, gangway::call<&::same_event>(&event, event.typ, event.which, event.state, event.keysym.scancode,
                                              event.keysym.sym, event.keysym.mod,
                                              static_cast<std::uint16_t>(event.keysym.unicode + 1)));
}

GOROUTINE_TEST(align, field_offsets) {
    std::array<std::size_t, event_fields> in_c{};
    std::size_t size = 0;
    gangway::call<&::event_layout>(in_c.data(), &size);
    const std::array<std::size_t, event_fields> here{
        offsetof(keyboard_event, typ),           offsetof(keyboard_event, which),
        offsetof(keyboard_event, state),         offsetof(keyboard_event, keysym.scancode),
        offsetof(keyboard_event, keysym.sym),    offsetof(keyboard_event, keysym.mod),
        offsetof(keyboard_event, keysym.unicode)};
    EXPECT_EQ(in_c, here);
    EXPECT_EQ(size, sizeof(keyboard_event));
}

GOROUTINE_TEST(align, testBoolAlign) {
    EXPECT_EQ(100091021, gangway::call<&::bool_align>(true, 2, true, std::int64_t{9}, true) -
                             gangway::call<&::bool_align>(false, 0, false, std::int64_t{0}, false));
    EXPECT_EQ(70050, gangway::call<&::bool_align>(false, 5, false, std::int64_t{7}, false));
}

GOROUTINE_TEST(align, test69086) {
    const int128 big = static_cast<int128>(1) << 100;
    EXPECT_TRUE((gangway::call<&::issue69086>(1, 2, 3, wide{big}) == big + 321));
    EXPECT_TRUE((gangway::call<&::issue69086_on_stack>(1, 1, 1, 1, 1, 1, 8, wide{-big}) == -big + 8006));
}

GOROUTINE_TEST(align, test5603) {
    int x = 0;
    const std::int64_t expected = issue5603_expected;
    EXPECT_EQ(expected, gangway::call<&::issue5603_0>());
    EXPECT_EQ(expected + 1, gangway::call<&::issue5603_1>(&x));
    EXPECT_EQ(expected + 3, gangway::call<&::issue5603_2>(&x, &x));
    EXPECT_EQ(expected + 6, gangway::call<&::issue5603_3>(nullptr, &x, &x));
    EXPECT_EQ(expected + 11, gangway::call<&::issue5603_4>(&x, &x, nullptr, &x));
}

GOROUTINE_TEST(align, test5242) {
    EXPECT_EQ(4207, gangway::call<&::issue5242>(empty{}, 42, holds_empty{}, 7));
}

}  // namespace
