// SPDX-License-Identifier: BSD-3-Clause
// What can be called, what comes back, and what C finds: g0's stack, the goroutine's errno, its exceptions.
// The argument and result types are in call_types_test.cpp.
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "c/basic.h"
#include "c/callback.h"
#include "counted.hpp"
#include "fixture.hpp"

namespace {

using test::counted;

int plus(int a, int b) {
    return a + b;
}
int plus_noexcept(int a, int b) noexcept {
    return a + b;
}

GOROUTINE_TEST(call, function_pointers_and_names) {
    EXPECT_EQ(5, gangway::call<&plus>(2, 3));
    EXPECT_EQ(5, gangway::call<plus>(2, 3));
    EXPECT_EQ(5, gangway::call<&plus_noexcept>(2, 3));
    EXPECT_EQ(5, gangway::call(&plus, 2, 3));
    EXPECT_EQ(5, gangway::call(&plus_noexcept, 2, 3));
    int (*found_at_run_time)(int, int) = &plus;
    EXPECT_EQ(5, gangway::call(found_at_run_time, 2, 3));
    EXPECT_EQ(5, gangway::call(std::function<int(int, int)>(&plus), 2, 3));
}

GOROUTINE_TEST(call, lambdas_with_arguments) {
    int seen = 0;
    gangway::call([&](int v) { seen = v; }, 7);
    EXPECT_EQ(7, seen);
    EXPECT_EQ(9, gangway::call([](std::unique_ptr<int> p) { return *p; }, std::make_unique<int>(9)));
}

GOROUTINE_TEST(call, a_lambda_is_c_on_g0) {
    const std::uint64_t me = gangway::goid();
    EXPECT_NE(0U, me);
    EXPECT_TRUE(gangway::on_goroutine());
    gangway::call([me] {
        EXPECT_FALSE(gangway::on_goroutine());
        EXPECT_EQ(me, gangway::goid());
        EXPECT_NE(0U, gangway::mid());
    });
    EXPECT_TRUE(gangway::on_goroutine());
}

GOROUTINE_TEST(call, runs_on_another_stack) {
    char here = 0;
    const char* there = gangway::call([&]() -> const char* {
        char local = 0;
        const char* volatile at = &local;
        return at;
    });
    const auto distance =
        std::abs(reinterpret_cast<std::intptr_t>(&here) - reinterpret_cast<std::intptr_t>(there));
    EXPECT_GT(distance, 256 << 10);
}

GOROUTINE_TEST(call, a_call_inside_c_is_plain) {
    const std::uint64_t before = gangway::num_cgo_call();
    EXPECT_EQ(12L, gangway::call([] { return gangway::call<&::atol>("12"); }));
    EXPECT_EQ(before + 1, gangway::num_cgo_call());
}

GOROUTINE_TEST(call, counts) {
    const std::uint64_t before = gangway::num_cgo_call();
    gangway::call<&plus>(1, 2);
    gangway::call(&plus, 1, 2);
    gangway::call([] { return ::atol("1") + ::atol("2") + ::atol("3"); });
    gangway::call_errno<&plus>(1, 2);
    gangway::blocking_call<&plus>(1, 2);
    EXPECT_EQ(before + 5, gangway::num_cgo_call());
    gangway::leaf_call<&plus>(1, 2);
    gangway::leaf_call([] {});
    EXPECT_EQ(before + 5, gangway::num_cgo_call());
}

struct converts {
    explicit converts(bool& on) : on_goroutine(on) {}
    operator int() const {
        on_goroutine = gangway::on_goroutine();
        return 3;
    }
    bool& on_goroutine;
};

GOROUTINE_TEST(call, arguments_are_converted_on_the_goroutine) {
    bool on_goroutine = false;
    EXPECT_EQ(5, gangway::call<&plus>(2, converts(on_goroutine)));
    EXPECT_TRUE(on_goroutine);
    EXPECT_EQ(1 + 'a', gangway::call<&plus>(short{1}, 'a'));
}

struct only_moves {
    explicit only_moves(int v) : p(std::make_unique<int>(v)) {}
    std::unique_ptr<int> p;
};
struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
};

GOROUTINE_TEST(call, results_that_move_refer_or_have_no_default) {
    EXPECT_EQ(4, *gangway::call([] { return only_moves(4); }).p);
    EXPECT_EQ(5, gangway::call([] { return no_default(5); }).value);
    int x = 1;
    int& r = gangway::call([&]() -> int& { return x; });
    EXPECT_EQ(&x, &r);
    const std::string s = "const";
    EXPECT_EQ(&s, &gangway::call([&]() -> const std::string& { return s; }));
    EXPECT_EQ(6, *gangway::blocking_call([] { return only_moves(6); }).p);
    EXPECT_EQ(7, *gangway::leaf_call([] { return only_moves(7); }).p);
    auto with_errno = gangway::call_errno([] {
        errno = EAGAIN;
        return only_moves(8);
    });
    EXPECT_EQ(8, *with_errno.value.p);
    EXPECT_EQ(EAGAIN, with_errno.error);
}

GOROUTINE_TEST(call, results_and_arguments_are_destroyed_once) {
    for (int i = 0; i < 100; i++) {
        EXPECT_EQ(i, gangway::call([i] { return counted(i); }).value);
        EXPECT_EQ(i, gangway::leaf_call([](counted c) { return c; }, counted(i)).value);
        EXPECT_EQ(i, gangway::blocking_call([](const counted& c) { return c; }, counted(i)).value);
        EXPECT_EQ(i, gangway::call_errno([i] { return counted(i); }).value.value);
    }
    EXPECT_EQ(0, counted::alive);
}

struct carries_counted : std::runtime_error {
    explicit carries_counted(int v) : std::runtime_error("from C++"), inside(v) {}
    counted inside;
};

template <class Call>
void expect_thrown(Call call) {
    for (int i = 0; i < 50; i++) {
        try {
            call(i);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const carries_counted& e) {
            EXPECT_EQ(i, e.inside.value);
            EXPECT_TRUE(gangway::on_goroutine());
        }
        EXPECT_EQ(nullptr, std::current_exception());
        EXPECT_EQ(0, std::uncaught_exceptions());
    }
    // What a callback threw as well, in the last of them.
    EXPECT_EQ(static_cast<int>(gangway::suppressed_exceptions().size()), counted::alive);
}

int throws(int v) {
    throw carries_counted(v);
}

GOROUTINE_TEST(call, a_callees_exception_comes_through) {
    expect_thrown([](int i) { gangway::call<&throws>(i); });
    expect_thrown([](int i) { gangway::call(&throws, i); });
    expect_thrown([](int i) { gangway::call_errno<&throws>(i); });
    expect_thrown([](int i) { gangway::leaf_call<&throws>(i); });
    expect_thrown([](int i) { gangway::blocking_call<&throws>(i); });
    expect_thrown([](int i) { gangway::call([i] { gangway::call<&throws>(i); }); });
    EXPECT_THROW(gangway::call([] { throw 5; }), int);
    EXPECT_EQ(3, gangway::call<&plus>(1, 2));
}

GOROUTINE_TEST(call, the_callees_exception_wins_over_a_callbacks) {
    gangway::userdata_callback<int(void*), 0> fails([]() -> int { throw carries_counted(-1); }, -7);
    int c_saw = 0;
    expect_thrown([&](int i) {
        gangway::call([&] {
            c_saw = fails.fn()(fails.data());
            throw carries_counted(i);
        });
    });
    EXPECT_EQ(-7, c_saw);
    // Nothing of the callback's is left for the next call.
    EXPECT_NO_THROW(gangway::call<&plus>(1, 2));
}

GOROUTINE_TEST(call, callee_that_catches_inside) {
    EXPECT_EQ(1, gangway::call([] {
                  try {
                      throws(3);
                  } catch (const carries_counted&) {
                      return 1;
                  }
                  return 0;
              }));
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(call, call_errno_of_all_shapes) {
    EXPECT_EQ(ERANGE, gangway::call_errno<&::set_errno>(ERANGE).error);
    EXPECT_EQ(ERANGE, gangway::call_errno(&::set_errno, ERANGE).error);
    EXPECT_EQ(0, gangway::call_errno([] {}).error);
    int x = 0;
    auto ref = gangway::call_errno([&]() -> int& {
        errno = EPERM;
        return x;
    });
    EXPECT_EQ(&x, &ref.value);
    EXPECT_EQ(EPERM, ref.error);
}

// Each gets its own call's errno, though all share a few threads.
GOROUTINE_TEST(call, errno_of_many_goroutines) {
    gangway::wait_group done;
    for (int i = 1; i <= 50; i++) {
        done.go([i] {
            for (int k = 0; k < test::sized(200); k++) {
                ASSERT_EQ(i, gangway::call_errno<&::set_errno>(i).error);
                gangway::gosched();
            }
        });
    }
    done.wait();
}

TEST(call, four_megabytes_of_frame_from_a_stack_of_16_kilobytes) {
    gangway::options opts = test::with_ps(test::ps());
    opts.stack_size = test::under_sanitizer ? 64 << 10 : 16 << 10;
    test::run_and_check(opts, [] {
        EXPECT_EQ(std::size_t{4} << 20, gangway::call<&::big_frame>());
        gangway::wait_group done;
        for (int i = 0; i < 10; i++) {
            done.go([] {
                EXPECT_EQ(std::size_t{4} << 20, gangway::call<&::big_frame>());
                EXPECT_EQ(std::size_t{4} << 20, gangway::leaf_call<&::big_frame>());
            });
        }
        done.wait();
    });
}

// C that the compiler sees, and inlines, is on g0 all the same, with all of its frame.
TEST(call, a_megabyte_of_frame_in_a_lambda) {
    gangway::options opts = test::with_ps(test::ps());
    opts.stack_size = test::under_sanitizer ? 64 << 10 : 16 << 10;
    test::run_and_check(opts, [] {
        const auto big = [] {
            volatile char frame[1 << 20];
            for (std::size_t i = 0; i < sizeof frame; i += 4096) frame[i] = 1;
            return sizeof frame;
        };
        EXPECT_EQ(std::size_t{1} << 20, gangway::call(big));
        EXPECT_EQ(std::size_t{1} << 20, gangway::leaf_call(big));
        EXPECT_EQ(std::size_t{1} << 20, gangway::blocking_call(big));
        EXPECT_EQ(std::size_t{1} << 20, gangway::call_errno(big).value);
    });
}

GOROUTINE_TEST(call, leaf_call_keeps_thread_and_p) {
    for (int i = 0; i < 1000; i++) {
        const std::uint64_t before = gangway::mid();
        const std::uint64_t in_c = gangway::leaf_call([] { return gangway::mid(); });
        ASSERT_EQ(before, in_c);
        ASSERT_EQ(before, gangway::mid());
    }
}

void off_a_goroutine() {
    const std::uint64_t before = gangway::num_cgo_call();
    EXPECT_EQ(0U, gangway::goid());
    EXPECT_EQ(12L, gangway::call<&::atol>("12"));
    EXPECT_EQ(12L, gangway::call(&::atol, "12"));
    EXPECT_EQ(12L, gangway::leaf_call<&::atol>("12"));
    EXPECT_EQ(12L, gangway::blocking_call<&::atol>("12"));
    EXPECT_EQ(EINVAL, gangway::call_errno<&::strtol>("12", nullptr, 123).error);
    EXPECT_THROW(gangway::call<&throws>(1), carries_counted);
    EXPECT_THROW(gangway::leaf_call<&throws>(1), carries_counted);
    EXPECT_EQ(before, gangway::num_cgo_call());
}

TEST(call, off_a_goroutine_calls_are_plain) {
    off_a_goroutine();
    std::thread(off_a_goroutine).join();
    test::run_and_check([] {});
    off_a_goroutine();
}

}  // namespace
