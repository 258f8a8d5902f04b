// SPDX-License-Identifier: BSD-3-Clause
// C that switches stacks itself, by ucontext or by Boost.Context, and calls back from each of them.
#include <array>
#include <boost/context/detail/fcontext.hpp>
#include <memory>
#include <stdexcept>

#include "c/coroutines.h"
#include "fixture.hpp"

namespace {

using callback = gangway::userdata_callback<void(void*, int, int), 0>;

// Callbacks from three stacks by turns: each parks, and is on the same goroutine and thread after it.
GOROUTINE_TEST(coroutines, callbacks_by_turns) {
    const auto id = gangway::goid();
    std::vector<int> order;
    callback f([&](int which, int round) {
        const auto m = gangway::mid();
        gangway::chan<int> c;
        gangway::go([c]() mutable { c.send(1); });
        c.recv();
        gangway::gosched();
        EXPECT_EQ(id, gangway::goid());
        EXPECT_EQ(m, gangway::mid());
        order.push_back(10 * round + which);
    });
    gangway::call<&::coroutines_run>(3, f.fn(), f.data());
    EXPECT_EQ((std::vector<int>{0, 1, 2, 10, 11, 12, 20, 21, 22}), order);
}

// A callback calls C that lets the other coroutines go on, whose callbacks come meanwhile and do the same.
GOROUTINE_TEST(coroutines, callbacks_within_a_callback_of_another_stack) {
    int depth = 0, deepest = 0, calls = 0;
    callback f([&](int, int round) {
        deepest = std::max(deepest, ++depth);
        calls++;
        gangway::gosched();
        if (round % 2 == 0) gangway::call<&::coroutines_yield>();
        gangway::gosched();
        depth--;
    });
    const int rounds = test::sized(200);
    gangway::call<&::coroutines_run>(rounds, f.fn(), f.data());
    EXPECT_EQ(coroutines * rounds, calls);
    EXPECT_EQ(coroutines, deepest);
    EXPECT_EQ(0, depth);
}

// Many goroutines, each with its own coroutines, on threads that change from call to call.
GOROUTINE_TEST(coroutines, of_many_goroutines) {
    gangway::wait_group wg;
    std::atomic<int> calls{0};
    const int rounds = test::sized(20);
    for (int k = 0; k < 16; k++) {
        wg.go([&] {
            for (int i = 0; i < rounds; i++) {
                callback f([&](int which, int) {
                    calls++;
                    if (which == 1) gangway::call<&::coroutines_yield>();
                    gangway::gosched();
                });
                gangway::call<&::coroutines_run>(2, f.fn(), f.data());
            }
        });
    }
    wg.wait();
    EXPECT_EQ(16 * rounds * 2 * coroutines, calls);
}

GOROUTINE_TEST(coroutines, what_a_callback_throws_comes_out_of_the_call) {
    int calls = 0;
    callback f([&](int which, int) {
        calls++;
        if (which == 1) throw std::runtime_error("from the second stack");
    });
    EXPECT_THROW(gangway::call<&::coroutines_run>(2, f.fn(), f.data()), std::runtime_error);
    EXPECT_EQ(2 * coroutines, calls);
}

// A generator on a stack that Boost.Context switches to, whose body calls back.
GOROUTINE_TEST(coroutines, boost_context) {
    namespace context = boost::context::detail;
    constexpr std::size_t size = 256 << 10;
    const auto stack = std::make_unique<char[]>(size);
    int sum = 0;
    gangway::userdata_callback<int(int, void*), 1> doubled([](int n) {
        gangway::gosched();
        return 2 * n;
    });
    gangway::call([&] {
        struct generator {
            decltype(doubled)& f;
        } g{doubled};
        context::fcontext_t at = context::make_fcontext(stack.get() + size, size, [](context::transfer_t t) {
            auto* own = static_cast<generator*>(t.data);
            for (int i = 1;; i++) {
                int result = own->f.fn()(i, own->f.data());
                t = context::jump_fcontext(t.fctx, &result);
            }
        });
        for (int i = 0; i < 100; i++) {
            const context::transfer_t t = context::jump_fcontext(at, &g);
            sum += *static_cast<int*>(t.data);
            at = t.fctx;
        }
    });
    EXPECT_EQ(100 * 101, sum);
}

}  // namespace
