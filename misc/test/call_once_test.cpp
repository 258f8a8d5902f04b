// SPDX-License-Identifier: BSD-3-Clause
// Once, whoever comes first, and the others see what it did.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "fixture.hpp"

namespace {

using gangway::call_once;
using gangway::once_flag;

// TestOnce: the others wait until it is done.
GOROUTINE_TEST(call_once, TestOnce) {
    for (int round = 0; round < test::sized(200); round++) {
        once_flag flag;
        int made = 0;
        gangway::wait_group done;
        for (int i = 0; i < 20; i++) {
            done.go([&] {
                call_once(flag, [&] {
                    gangway::gosched();
                    ++made;
                });
                EXPECT_EQ(1, made);
            });
        }
        done.wait();
        call_once(flag, [&] { ++made; });
        EXPECT_EQ(1, made);
    }
}

GOROUTINE_TEST(call_once, forwards_its_arguments) {
    once_flag flag;
    auto value = std::make_unique<int>(5);
    int got = 0;
    auto add = [](int by, int& to, std::unique_ptr<int> n) { to += *n + by; };
    call_once(flag, add, 2, got, std::move(value));
    EXPECT_EQ(7, got);
}

// TestOncePanic, as std has it: one that throws has not done it.
GOROUTINE_TEST(call_once, an_exception_leaves_it_to_the_next) {
    once_flag flag;
    int tries = 0;
    for (int i = 0; i < 3; i++) {
        EXPECT_THROW(call_once(flag,
                               [&] {
                                   ++tries;
                                   throw std::runtime_error("not yet");
                               }),
                     std::runtime_error);
    }
    call_once(flag, [&] { ++tries; });
    call_once(flag, [&] { ++tries; });
    EXPECT_EQ(4, tries);
}

// Those that wait take over.
GOROUTINE_TEST(call_once, one_of_those_that_wait_takes_over) {
    for (const bool by_goexit : {false, true}) {
        once_flag flag;
        std::atomic<int> tries{0};
        std::atomic<int> threw{0};
        int made = 0;
        gangway::chan<bool> go_on;
        gangway::wait_group done;
        for (int i = 0; i < 5; i++) {
            done.go([&] {
                try {
                    call_once(flag, [&] {
                        if (++tries > 2) {
                            ++made;
                            return;
                        }
                        go_on.recv();
                        if (by_goexit) gangway::goexit();
                        throw std::runtime_error("not this one");
                    });
                    EXPECT_EQ(1, made);
                } catch (const std::runtime_error&) {
                    ++threw;
                }
            });
        }
        ASSERT_TRUE(test::until_parked(4, "call_once"));
        go_on.send(true);
        go_on.send(true);
        done.wait();
        EXPECT_EQ(3, tries);
        EXPECT_EQ(by_goexit ? 0 : 2, threw);
        EXPECT_EQ(1, made);
    }
}

GOROUTINE_TEST(call_once, nested_flags) {
    once_flag outer;
    once_flag inner;
    int made = 0;
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([&] { call_once(outer, [&] { call_once(inner, [&] { ++made; }); }); });
        done.go([&] { call_once(inner, [&] { ++made; }); });
    }
    done.wait();
    EXPECT_EQ(1, made);
}

TEST(call_once, off_a_goroutine) {
    once_flag flag;
    int made = 0;
    call_once(flag, [&] { ++made; });
    call_once(flag, [&] { ++made; });
    EXPECT_EQ(1, made);
    once_flag running;
    test::run_and_check([&] {
        gangway::chan<bool> go_on;
        gangway::wait_group done;
        done.go([&] { call_once(running, [&] { go_on.recv(); }); });
        ASSERT_TRUE(test::until_parked(1, "chan receive"));
        std::atomic<bool> came_back{false};
        std::thread other([&] {
            call_once(running, [] { ADD_FAILURE() << "twice"; });
            came_back = true;
        });
        ASSERT_TRUE(test::until_parked(1, "call_once"));
        EXPECT_FALSE(came_back);
        go_on.send(true);
        done.wait();
        EXPECT_TRUE(test::yield_until([&] { return came_back.load(); }));  // joining here would keep the p from it
        other.join();
        std::thread after([&] { call_once(running, [] { ADD_FAILURE() << "twice"; }); });
        after.join();
    });
}

}  // namespace
