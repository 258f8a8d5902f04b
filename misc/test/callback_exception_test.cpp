// SPDX-License-Identifier: BSD-3-Clause
// An exception or a goexit that leaves a callback: it is kept, C gets on_error and goes on, and the call goes on with
// it when C has returned.
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "c/callback.h"
#include "c/nested.h"
#include "counted.hpp"
#include "fixture.hpp"
#include "scope.hpp"

namespace {

using test::counted;

struct failed : std::runtime_error {
    explicit failed(int n) : std::runtime_error("callback " + std::to_string(n)), number(n) {}
    int number;
    counted inside{1};
};

GOROUTINE_TEST(callback_exception, c_sees_on_error_and_goes_on) {
    gangway::userdata_callback<int(void*), 0> cb([]() -> int { throw failed(1); }, -5);
    int seen = 0;
    EXPECT_THROW(gangway::call([&] { seen = ::result_of(cb.fn(), cb.data()); }), failed);
    EXPECT_EQ(-5, seen);

    gangway::userdata_callback<int(void*), 0> zero([]() -> int { throw failed(1); });
    seen = 7;
    EXPECT_THROW(gangway::call([&] { seen = ::result_of(zero.fn(), zero.data()); }), failed);
    EXPECT_EQ(0, seen);

    int after = 0;
    gangway::userdata_callback<void(void*), 0> nothing([] { throw failed(2); });
    EXPECT_THROW(gangway::call<&::call_then_count>(nothing.fn(), nothing.data(), &after), failed);
    EXPECT_EQ(1, after);
    EXPECT_EQ(0, counted::alive);
}

std::int64_t throws_at_3(std::int64_t i) {
    if (i == 3) throw failed(3);
    return i;
}

GOROUTINE_TEST(callback_exception, exported_gives_an_empty_result) {
    std::int64_t sum = -1;
    try {
        gangway::call([&] { sum = ::sum_of(gangway::exported<&throws_at_3>, 6); });
        ADD_FAILURE() << "nothing was thrown";
    } catch (const failed& e) {
        EXPECT_EQ(3, e.number);
        EXPECT_STREQ("callback 3", e.what());
    }
    EXPECT_EQ(0 + 1 + 2 + 0 + 4 + 5, sum);
}

GOROUTINE_TEST(callback_exception, exported_gives_what_it_names) {
    std::int64_t sum = -1;
    EXPECT_THROW(gangway::call([&] { sum = ::sum_of(gangway::exported<&throws_at_3, -100>, 6); }), failed);
    EXPECT_EQ(0 + 1 + 2 - 100 + 4 + 5, sum);
}

// C calls on after the first failure: the callbacks run, and the first exception is the one that comes out.
int fails_from_2(int i) {
    if (i >= 2) throw failed(i);
    return i;
}

GOROUTINE_TEST(callback_exception, the_first_of_several_is_kept) {
    try {
        gangway::call<&::count_failures>(gangway::exported<&fails_from_2>, 6);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const failed& e) {
        EXPECT_EQ(2, e.number);
    }
    EXPECT_EQ(3, counted::alive);  // the others, until the goroutine's next call that throws, or its end
    EXPECT_EQ(3U, gangway::suppressed_exceptions().size());
}

GOROUTINE_TEST(callback_exception, of_any_type) {
    gangway::userdata_callback<void(void*), 0> number([] { throw 42; });
    int after = 0;
    try {
        gangway::call<&::call_then_count>(number.fn(), number.data(), &after);
        ADD_FAILURE() << "nothing was thrown";
    } catch (int n) {
        EXPECT_EQ(42, n);
    }
    gangway::userdata_callback<void(void*), 0> text([] { throw std::string("text"); });
    EXPECT_THROW(gangway::call<&::call_then_count>(text.fn(), text.data(), &after), std::string);
}

GOROUTINE_TEST(callback_exception, from_every_kind_of_call) {
    int after = 0;
    gangway::userdata_callback<void(void*), 0> cb([] { throw failed(1); });
    EXPECT_THROW(gangway::call<&::call_then_count>(cb.fn(), cb.data(), &after), failed);
    EXPECT_THROW(gangway::call(&::call_then_count, cb.fn(), cb.data(), &after), failed);
    EXPECT_THROW(gangway::call_errno<&::call_then_count>(cb.fn(), cb.data(), &after), failed);
    EXPECT_THROW(gangway::blocking_call<&::call_then_count>(cb.fn(), cb.data(), &after), failed);
    EXPECT_EQ(4, after);
}

GOROUTINE_TEST(callback_exception, result_of_a_failed_call_is_destroyed) {
    gangway::userdata_callback<int(void*), 0> cb([]() -> int { throw failed(1); });
    EXPECT_THROW(gangway::call([&] {
                     ::result_of(cb.fn(), cb.data());
                     return counted(3);
                 }),
                 failed);
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(callback_exception, after_parking_in_the_callback_and_in_its_handlers) {
    gangway::userdata_callback<int(void*), 0> cb([]() -> int {
        gangway::gosched();
        try {
            throw failed(8);
        } catch (const failed&) {
            gangway::gosched();
            throw;
        }
    });
    for (int i = 0; i < 20; i++) {
        try {
            gangway::call<&::result_of>(cb.fn(), cb.data());
            ADD_FAILURE() << "nothing was thrown";
        } catch (const failed& e) {
            gangway::gosched();
            EXPECT_EQ(8, e.number);
        }
    }
    EXPECT_EQ(0, counted::alive);
}

// A callback that runs while its goroutine handles an exception: the handler's own is there before and after.
GOROUTINE_TEST(callback_exception, inside_a_handler) {
    gangway::userdata_callback<int(void*), 0> quiet([] {
        try {
            throw failed(2);
        } catch (const failed& e) {
            return e.number;
        }
    });
    gangway::userdata_callback<int(void*), 0> loud([]() -> int { throw failed(3); });
    try {
        throw failed(1);
    } catch (const failed& e) {
        EXPECT_EQ(2, gangway::call<&::result_of>(quiet.fn(), quiet.data()));
        EXPECT_THROW(gangway::call<&::result_of>(loud.fn(), loud.data()), failed);
        EXPECT_EQ(1, e.number);
        try {
            throw;
        } catch (const failed& again) {
            EXPECT_EQ(&e, &again);
        }
    }
    EXPECT_EQ(0, counted::alive);
}

std::int64_t bottom_throws(std::int64_t depth) {
    if (depth == 0) throw failed(0);
    try {
        return gangway::call<&::descend>(gangway::exported<&bottom_throws>, depth);
    } catch (const failed& e) {
        throw failed(e.number + 1);
    }
}

GOROUTINE_TEST(callback_exception, caught_and_thrown_anew_at_each_level) {
    try {
        bottom_throws(20);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const failed& e) {
        EXPECT_EQ(20, e.number);
    }
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(callback_goexit, takes_effect_when_c_has_returned) {
    int seen = 0;
    int c_went_on = 0;
    bool destroyed = false;
    bool returned = false;
    auto t = gangway::spawn([&] {
        test::at_exit_of_scope outer([&] { destroyed = true; });
        counted local(1);
        gangway::userdata_callback<int(void*), 0> cb(
            []() -> int {
                counted in_callback(2);
                gangway::goexit();
            },
            -9);
        gangway::call([&] {
            seen = ::result_of(cb.fn(), cb.data());
            ++c_went_on;
        });
        returned = true;
    });
    EXPECT_THROW(t.join(), std::runtime_error);
    EXPECT_EQ(-9, seen);
    EXPECT_EQ(1, c_went_on);
    EXPECT_TRUE(destroyed);
    EXPECT_FALSE(returned);
    EXPECT_EQ(0, counted::alive);
}

std::int64_t bottom_exits(std::int64_t depth) {
    counted local(static_cast<int>(depth));
    if (depth == 0) gangway::goexit();
    return gangway::call<&::descend>(gangway::exported<&bottom_exits>, depth);
}

GOROUTINE_TEST(callback_goexit, through_many_levels) {
    auto t = gangway::spawn([] { bottom_exits(20); });
    EXPECT_THROW(t.join(), std::runtime_error);
    EXPECT_EQ(0, counted::alive);
}

// Before or after what another callback of the same call threw: the goroutine ends in any case.
GOROUTINE_TEST(callback_goexit, comes_before_exceptions_of_callbacks) {
    for (int exits : {0, 1}) {
        bool caught = false;
        auto t = gangway::spawn([&] {
            gangway::userdata_callback<int(void*, int), 0> cb([exits](int i) -> int {
                if (i == exits) gangway::goexit();
                throw failed(i);
            });
            try {
                gangway::call([&] {
                    cb.fn()(cb.data(), 0);
                    cb.fn()(cb.data(), 1);
                });
            } catch (const failed&) {
                caught = true;
            }
        });
        EXPECT_THROW(t.join(), std::runtime_error);
        EXPECT_FALSE(caught);
    }
    // What was suppressed is a goroutine_local's, which may outlast the join().
    EXPECT_TRUE(test::yield_until([] { return counted::alive == 0; }));
}

GOROUTINE_TEST(callback_goexit, wins_over_a_callees_exception) {
    bool caught = false;
    auto t = gangway::spawn([&] {
        gangway::userdata_callback<int(void*), 0> cb([]() -> int { gangway::goexit(); });
        try {
            gangway::call([&] {
                cb.fn()(cb.data());
                throw failed(5);
            });
        } catch (const failed& e) {
            caught = e.number == 5;
        }
    });
    EXPECT_THROW(t.join(), std::runtime_error);
    EXPECT_FALSE(caught);
}

std::vector<std::string> texts_of_suppressed() {
    std::vector<std::string> texts;
    for (const std::exception_ptr& e : gangway::suppressed_exceptions()) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            texts.emplace_back(x.what());
        }
    }
    return texts;
}

std::int64_t throws_always(std::int64_t i) {
    throw failed(static_cast<int>(i));
}

// The later exceptions of a call are not lost, and are those of the last call that threw.
GOROUTINE_TEST(callback_exception, suppressed_exceptions_are_those_of_the_last_call) {
    EXPECT_THROW(gangway::call<&::sum_of>(gangway::exported<&throws_always>, 3), failed);
    EXPECT_EQ((std::vector<std::string>{"callback 1", "callback 2"}), texts_of_suppressed());
    gangway::gosched();
    EXPECT_EQ(2U, gangway::suppressed_exceptions().size());
    gangway::spawn([] { EXPECT_TRUE(gangway::suppressed_exceptions().empty()); }).join();
    EXPECT_THROW(gangway::call<&::sum_of>(gangway::exported<&throws_always>, 1), failed);
    EXPECT_TRUE(gangway::suppressed_exceptions().empty());
}

// A C++ callee's own exception comes out, and what its callback threw is the suppressed one.
GOROUTINE_TEST(callback_exception, the_callees_own_suppresses_the_callbacks) {
    EXPECT_THROW(gangway::call([] {
                     ::sum_of(gangway::exported<&throws_always>, 1);
                     throw std::logic_error("the callee's");
                 }),
                 std::logic_error);
    EXPECT_EQ((std::vector<std::string>{"callback 0"}), texts_of_suppressed());
}

// What the calls of a callback suppress is not the outer call's.
GOROUTINE_TEST(callback_exception, suppressed_in_a_nested_call) {
    int n = 0;
    gangway::userdata_callback<void(void*), 0> cb([&] {
        if (n++ == 0) throw failed(10);
        EXPECT_THROW(gangway::call<&::sum_of>(gangway::exported<&throws_always>, 2), failed);
        EXPECT_EQ((std::vector<std::string>{"callback 1"}), texts_of_suppressed());
        throw failed(11);
    });
    EXPECT_THROW(gangway::call([&] {
                     cb.fn()(cb.data());
                     cb.fn()(cb.data());
                 }),
                 failed);
    EXPECT_EQ((std::vector<std::string>{"callback 11"}), texts_of_suppressed());
}

}  // namespace
