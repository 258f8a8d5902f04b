// SPDX-License-Identifier: BSD-3-Clause
// std::current_exception() and std::uncaught_exceptions() are the goroutine's and not the thread's. C++ keeps both in
// thread-local state, which every switch must exchange.
#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>

#include "fixture.hpp"

namespace {

struct tagged {
    int goroutine;
    int round;
};

std::atomic<int> moved_in_a_handler{0};

// Parks, gives the p away, and comes back maybe on another thread.
void park(gangway::chan<int>& turn) {
    const std::uint64_t before = gangway::mid();
    turn.recv();
    gangway::blocking_call([] {});
    moved_in_a_handler += gangway::mid() != before;
}

void throws_parks_and_rethrows(int me, int round, gangway::chan<int>& turn) {
    try {
        try {
            throw tagged{me, round};
        } catch (const tagged& first) {
            park(turn);
            ASSERT_EQ(0, std::uncaught_exceptions());
            ASSERT_NE(nullptr, std::current_exception());
            ASSERT_EQ(me, first.goroutine);
            throw;  // its own: what is rethrown is the current exception
        }
    } catch (const tagged& again) {
        ASSERT_EQ(me, again.goroutine);
        ASSERT_EQ(round, again.round);
        park(turn);
        std::exception_ptr kept = std::current_exception();
        try {
            std::rethrow_exception(kept);
        } catch (const tagged& third) {
            ASSERT_EQ(me, third.goroutine);
            ASSERT_EQ(round, third.round);
        }
    }
    ASSERT_EQ(nullptr, std::current_exception());
    ASSERT_EQ(0, std::uncaught_exceptions());
}

// 16 goroutines on 2 ps, 4,800 exceptions, each of which is handled on at least two visits to the scheduler.
TEST(eh, sixteen_goroutines_rethrow_their_own) {
    constexpr int goroutines = 16;
    constexpr int rounds = 4800 / goroutines;
    moved_in_a_handler = 0;
    test::run_and_check(test::with_ps(2), [] {
        // One channel for all: whoever sends next makes a goroutine runnable on its own p, so they change ps.
        gangway::chan<int> turn;
        std::atomic<bool> over{false};
        gangway::wait_group done;
        gangway::wait_group wakers;
        for (int i = 0; i < goroutines; i++) {
            wakers.go([&] {
                try {
                    while (!over) turn.send(0);
                } catch (const gangway::channel_closed&) {
                }
            });
            done.go([&, i] {
                for (int r = 0; r < rounds; r++) throws_parks_and_rethrows(i, r, turn);
                // Not before some have gone on elsewhere is anything tested.
                ASSERT_TRUE(test::yield_until([&] {
                    throws_parks_and_rethrows(i, rounds, turn);
                    return moved_in_a_handler >= goroutines;
                }));
            });
        }
        done.wait();
        over = true;
        turn.close();
        wakers.wait();
    });
}

struct parks_while_unwinding {
    explicit parks_while_unwinding(int n) : expected(n) {}
    ~parks_while_unwinding() {
        EXPECT_EQ(expected, std::uncaught_exceptions());
        gangway::gosched();
        EXPECT_EQ(expected, std::uncaught_exceptions());
    }
    int expected;
};

GOROUTINE_TEST(eh, uncaught_exceptions_of_many_that_unwind) {
    gangway::wait_group done;
    for (int i = 0; i < 16; i++) {
        done.go([i] {
            for (int r = 0; r < 100; r++) {
                try {
                    parks_while_unwinding one(1);
                    throw i;
                } catch (int n) {
                    EXPECT_EQ(i, n);
                }
                EXPECT_EQ(0, std::uncaught_exceptions());
                gangway::gosched();
                EXPECT_EQ(0, std::uncaught_exceptions());
            }
        });
    }
    done.wait();
}

struct throws_inside_while_unwinding {
    ~throws_inside_while_unwinding() {
        try {
            parks_while_unwinding two(2);
            throw 2;
        } catch (int) {
            gangway::gosched();
            EXPECT_EQ(1, std::uncaught_exceptions());
        }
    }
};

GOROUTINE_TEST(eh, nested_unwinding_with_yields) {
    gangway::wait_group done;
    for (int i = 0; i < 8; i++) {
        done.go([i] {
            for (int r = 0; r < 50; r++) {
                try {
                    throws_inside_while_unwinding t;
                    throw i;
                } catch (int n) {
                    ASSERT_EQ(i, n);
                }
            }
        });
    }
    done.wait();
}

GOROUTINE_TEST(eh, a_new_goroutine_has_no_exception) {
    try {
        throw 1;
    } catch (int) {
        gangway::spawn([] {
            EXPECT_EQ(nullptr, std::current_exception());
            EXPECT_EQ(0, std::uncaught_exceptions());
        }).join();
        EXPECT_NE(nullptr, std::current_exception());
    }
}

// What was thrown in one goroutine and is handled in another lives until the last has let it go.
GOROUTINE_TEST(eh, exception_ptr_from_goroutine_to_goroutine) {
    static std::atomic<int> alive;
    struct counts {
        counts() { ++alive; }
        counts(const counts&) { ++alive; }
        ~counts() { --alive; }
    };
    alive = 0;
    gangway::chan<std::exception_ptr> ch;
    gangway::wait_group done;
    for (int i = 0; i < 8; i++) {
        done.go([ch]() mutable {
            for (std::exception_ptr p : ch) {
                try {
                    std::rethrow_exception(std::move(p));
                } catch (const counts&) {
                    gangway::gosched();
                }
            }
        });
    }
    for (int i = 0; i < 200; i++) {
        try {
            throw counts();
        } catch (...) {
            ch.send(std::current_exception());
        }
    }
    ch.close();
    done.wait();
    EXPECT_EQ(0, alive);
}

// C++ that runs as C on g0 throws and catches for itself, while the goroutine is in a handler of its own.
GOROUTINE_TEST(eh, callee_that_throws_inside_a_handler_of_the_caller) {
    gangway::wait_group done;
    for (int i = 0; i < 8; i++) {
        done.go([i] {
            for (int r = 0; r < 50; r++) {
                try {
                    throw tagged{i, r};
                } catch (const tagged&) {
                    gangway::call([] {
                        try {
                            throw 1;
                        } catch (int) {
                        }
                    });
                    EXPECT_THROW(gangway::call([] { throw 2; }), int);
                    gangway::gosched();
                    try {
                        throw;
                    } catch (const tagged& own) {
                        ASSERT_EQ(i, own.goroutine);
                        ASSERT_EQ(r, own.round);
                    }
                }
            }
        });
    }
    done.wait();
}

}  // namespace
