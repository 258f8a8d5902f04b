// SPDX-License-Identifier: BSD-3-Clause
// goexit() ends a goroutine by unwinding it: destructors run, each once. A catch (...) that keeps it is in crash_test.
#include <exception>
#include <stdexcept>
#include <string>

#include "counted.hpp"
#include "fixture.hpp"
#include "scope.hpp"

namespace {

using test::counted;

// at_bottom is goexit(), of which the compiler is not to know that nobody comes back.
__attribute__((noinline)) void exit_at(int frames, void (*at_bottom)() = &gangway::goexit) {
    counted here(frames);
    gangway::gosched();
    if (frames == 0) {
        at_bottom();
    } else {
        exit_at(frames - 1, at_bottom);
    }
    gangway::gosched();
}

// TestGoexitDefer
GOROUTINE_TEST(goexit, runs_destructors) {
    bool destroyed = false;
    bool went_on = false;
    gangway::chan<bool> ended;
    gangway::go([&, ended]() mutable {
        test::at_exit_of_scope tell([&] { ended.send(destroyed); });
        test::at_exit_of_scope first([&] { destroyed = true; });
        gangway::goexit();
        went_on = true;
    });
    EXPECT_EQ(true, ended.recv());
    EXPECT_FALSE(went_on);
}

GOROUTINE_TEST(goexit, from_a_hundred_frames_deep) {
    gangway::wait_group done;
    for (int i = 0; i < 20; i++) done.go([] { exit_at(100); });
    done.wait();
    EXPECT_EQ(0, counted::alive);
}

// What go() was given is destroyed as well.
GOROUTINE_TEST(goexit, destroys_the_function_and_its_arguments) {
    gangway::go([c = counted(1)](const counted&) { gangway::goexit(); }, counted(2));
    EXPECT_TRUE(test::yield_until([] { return counted::alive == 0; }));
}

// testRollback: locals are destroyed once, with yields between.
GOROUTINE_TEST(goexit, destructors_may_yield_and_park) {
    gangway::wait_group done;
    for (int i = 0; i < 20; i++) {
        done.go([] {
            counted outer(1);
            test::at_exit_of_scope parks([] { EXPECT_EQ(5, gangway::spawn([] { return 5; }).join()); });
            counted inner(2);
            test::at_exit_of_scope yields([] { gangway::gosched(); });
            gangway::goexit();
        });
    }
    done.wait();
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(goexit, passes_handlers_that_rethrow) {
    int passed = 0;
    bool caught_by_type = false;
    auto t = gangway::spawn([&] {
        try {
            try {
                gangway::goexit();
            } catch (const std::exception&) {
                caught_by_type = true;
            }
        } catch (...) {
            ++passed;
            throw;
        }
    });
    EXPECT_THROW(t.join(), std::runtime_error);
    EXPECT_EQ(1, passed);
    EXPECT_FALSE(caught_by_type);
}

// RecoveredPanicAfterGoexit: what is thrown and caught on the way out changes nothing.
GOROUTINE_TEST(goexit, exceptions_caught_in_destructors) {
    bool went_on = false;
    auto t = gangway::spawn([&] {
        test::at_exit_of_scope throws([] {
            try {
                counted c(1);
                throw std::runtime_error("inside goexit");
            } catch (const std::runtime_error&) {
                gangway::gosched();
            }
        });
        gangway::goexit();
        went_on = true;
    });
    EXPECT_THROW(t.join(), std::runtime_error);
    EXPECT_FALSE(went_on);
    EXPECT_EQ(0, counted::alive);
}

// GoexitInPanic: from a handler. The exception is let go.
GOROUTINE_TEST(goexit, in_a_handler) {
    struct failed : std::runtime_error {
        failed() : std::runtime_error("handled") {}
        counted inside{1};
    };
    auto t = gangway::spawn([] {
        try {
            throw failed();
        } catch (const failed&) {
            gangway::goexit();
        }
    });
    EXPECT_THROW(t.join(), std::runtime_error);
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(goexit, leaves_the_thread_without_exceptions) {
    for (int i = 0; i < 100; i++) gangway::go([] { exit_at(1); });
    for (int i = 0; i < 100; i++) {
        gangway::spawn([] {
            EXPECT_EQ(nullptr, std::current_exception());
            EXPECT_EQ(0, std::uncaught_exceptions());
        }).join();
    }
}

GOROUTINE_TEST(goexit, of_goroutines_with_a_wait_group) {
    gangway::wait_group done;
    for (int i = 0; i < 100; i++) done.go([] { gangway::goexit(); });
    done.wait();
}

TEST(goexit, off_a_goroutine_is_an_error) {
    EXPECT_THROW(gangway::goexit(), std::logic_error);
}

}  // namespace
