// SPDX-License-Identifier: BSD-3-Clause
// callback<Sig>: what lives how long, and who may free it when. Its types are in closure_types_test.cpp.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include "c/callback.h"
#include "c/foreign.h"
#include "counted.hpp"
#include "fixture.hpp"

namespace {

using gangway::callback;

std::uint64_t closures() {
    return gangway::read_mem_stats().closures;
}

// test_issue_8959_a, ffi013: plain libc, which carries no void*.
GOROUTINE_TEST(closure, qsort_with_what_the_comparator_captured) {
    std::vector<int> numbers;
    for (int i = 0; i < 1000; i++) numbers.push_back(i * 7919 % 1000);
    int compares = 0;
    const auto id = gangway::goid();
    callback<int(const void*, const void*)> backward([&](const void* a, const void* b) {
        if (++compares % 100 == 0) gangway::gosched();
        EXPECT_EQ(id, gangway::goid());
        return *static_cast<const int*>(b) - *static_cast<const int*>(a);
    });
    gangway::call<&::qsort>(numbers.data(), numbers.size(), sizeof(int), backward.get());
    EXPECT_TRUE(std::is_sorted(numbers.rbegin(), numbers.rend()));
    EXPECT_GT(compares, 1000);
}

double integrate(double (*f)(double), double from, double to, int steps) {
    double sum = 0;
    for (int i = 0; i < steps; i++) sum += f(from + (to - from) * (i + 0.5) / steps);
    return sum * (to - from) / steps;
}

// test_integrate, and several that live at once, each with its own value.
GOROUTINE_TEST(closure, each_has_its_own) {
    std::vector<callback<double(double)>> powers;
    for (int n = 0; n < 5; n++) powers.emplace_back([n](double x) { return std::pow(x, n); });
    for (int n = 0; n < 5; n++)
        EXPECT_NEAR(1.0 / (n + 1),
                    gangway::call(&integrate, powers[static_cast<std::size_t>(n)].get(), 0.0, 1.0, 1000), 1e-5);
}

GOROUTINE_TEST(closure, what_is_thrown_comes_out_of_the_call_and_C_gets_on_error) {
    callback<int(int)> fails([](int n) -> int { throw std::runtime_error(std::to_string(n)); }, -7);
    int c_got = 0;
    try {
        gangway::call([&](int (*f)(int)) { c_got = f(42); }, fails.get());
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("42", e.what());
    }
    EXPECT_EQ(-7, c_got);
    callback<double()> by_default([]() -> double { throw 1; });
    double zero = 1;
    EXPECT_THROW(gangway::call([&](double (*f)()) { zero = f(); }, by_default.get()), int);
    EXPECT_EQ(0, zero);
}

// Called from goroutine code its pointer is a plain function, out of which an exception comes through libffi's frames.
GOROUTINE_TEST(closure, plain_calls) {
    gangway::chan<int> c;
    callback<int(int)> adds([c](int n) mutable {
        if (n < 0) throw std::out_of_range("negative");
        gangway::go([c, n]() mutable { c.send(n + 1); });
        return c.recv().value();
    });
    EXPECT_EQ(3, adds.get()(2));
    EXPECT_THROW(adds.get()(-1), std::out_of_range);
    const auto before = closures();
    {
        callback<int(int)> gone(std::move(adds));
        EXPECT_EQ(4, gone(3));
    }
    EXPECT_EQ(before - 1, closures());  // nothing thinks that a call is still in it
}

GOROUTINE_TEST(closure, moving_keeps_the_pointer) {
    callback<int()> a([] { return 5; });
    int (*const f)() = a.get();
    callback<int()> b = std::move(a);
    EXPECT_EQ(f, b.get());
    EXPECT_EQ(5, gangway::call(f));
}

// What f holds goes with the object, or with the last call in f.
GOROUTINE_TEST(closure, f_lives_as_long_as_it_is_needed) {
    const int before = test::counted::alive;
    const auto living = closures();
    {
        callback<int()> c([value = test::counted(3)] { return value.value; });
        EXPECT_EQ(before + 1, test::counted::alive);
        EXPECT_EQ(living + 1, closures());
        EXPECT_EQ(3, gangway::call(c.get()));
    }
    EXPECT_EQ(before, test::counted::alive);
    EXPECT_EQ(living, closures());
}

GOROUTINE_TEST(closure, destroyed_in_its_own_call) {
    const int before = test::counted::alive;
    const auto living = closures();
    for (int i = 0; i < 100; i++) {
        std::optional<callback<int(int)>> c;
        c.emplace([&c, value = test::counted(i)](int n) {
            c.reset();
            gangway::gosched();
            return value.value + n;
        });
        EXPECT_EQ(i + 1, gangway::call(c->get(), 1));
    }
    EXPECT_EQ(before, test::counted::alive);
    EXPECT_EQ(living, closures());
}

// One goroutine is in it, C's frames below; another destroys the object; the first goes on with what it captured.
GOROUTINE_TEST(closure, destroyed_while_another_is_in_it) {
    const int before = test::counted::alive;
    const auto living = closures();
    for (int i = 0; i < test::sized(300); i++) {
        gangway::chan<int> enter, leave;
        auto c = std::make_unique<callback<int()>>([enter, leave, value = test::counted(i)]() mutable {
            enter.send(1);
            leave.recv();
            return value.value;
        });
        constexpr int callers = 3;
        gangway::wait_group wg;
        int (*const f)() = c->get();
        for (int k = 0; k < callers; k++) wg.go([f, i] { EXPECT_EQ(i, gangway::call(f)); });
        for (int k = 0; k < callers; k++) enter.recv();
        c.reset();
        EXPECT_EQ(before + 1, test::counted::alive);
        for (int k = 0; k < callers; k++) leave.send(1);
        wg.wait();
        ASSERT_EQ(before, test::counted::alive);
    }
    EXPECT_EQ(living, closures());
}

// What f captured is destroyed by goroutine code: it may park.
GOROUTINE_TEST(closure, a_destructor_that_parks) {
    struct parks {
        gangway::chan<int>* c;
        ~parks() {
            if (c != nullptr) c->send(1);
        }
        explicit parks(gangway::chan<int>* to) : c(to) {}
        parks(parks&& o) noexcept : c(std::exchange(o.c, nullptr)) {}
    };
    gangway::chan<int> c;
    std::optional<callback<void()>> cb;
    cb.emplace([&cb, p = parks(&c)] { cb.reset(); });
    gangway::wait_group wg;
    wg.go([&] { EXPECT_EQ(1, c.recv()); });
    gangway::call(cb->get());
    wg.wait();
}

// tsan.c, test_issue_7959: goroutines, threads and C's threads make, call and free them at once.
GOROUTINE_TEST(closure, made_called_and_freed_by_many_at_once) {
    std::atomic<long> sum{0};
    const auto living = closures();
    gangway::wait_group wg;
    const int rounds = test::sized(500);
    const auto round = [&](int i) {
        callback<int(int)> c([&sum, value = test::counted(i)](int n) {
            sum += value.value;
            return n;
        });
        EXPECT_EQ(7, gangway::call(c.get(), 7));
    };
    for (int k = 0; k < 20; k++) {
        wg.go([&] {
            for (int i = 0; i < rounds; i++) round(i);
        });
    }
    gangway::userdata_callback<void(void*), 0> on_thread([&] {
        for (int i = 0; i < 10; i++) round(i);
    });
    gangway::blocking_call<&::on_threads>(4, 0UL, 5, on_thread.fn(), on_thread.data());
    wg.wait();
    EXPECT_EQ(20L * rounds * (rounds - 1) / 2 + 4 * 5 * 45, sum);
    EXPECT_EQ(living, closures());
}

// One closure, called by goroutines that move from m to m, by threads of C's, and as a plain function.
GOROUTINE_TEST(closure, one_called_from_everywhere) {
    std::atomic<int> calls{0};
    const int rounds = test::sized(2000);
    {
        callback<void(void*)> c([&calls, value = test::counted(1)](void*) {
            calls += value.value;
            if (calls % 64 == 0) gangway::gosched();
        });
        gangway::wait_group wg;
        for (int k = 0; k < 4; k++) {
            wg.go([&] {
                for (int i = 0; i < rounds; i++) {
                    gangway::call(c.get(), nullptr);
                    gangway::gosched();
                }
            });
        }
        wg.go([&] {
            for (int i = 0; i < rounds; i++) c(nullptr);
        });
        gangway::blocking_call<&::on_threads>(3, 0UL, rounds, c.get(), nullptr);
        wg.wait();
    }
    EXPECT_EQ(8 * rounds, calls);
}

// No limit in number: they are memory.
GOROUTINE_TEST(closure, a_hundred_thousand_at_once) {
    const int n = test::sized(100'000);
    std::vector<callback<int()>> all;
    all.reserve(static_cast<std::size_t>(n));
    for (int i = 0; i < n; i++) all.emplace_back([i] { return i; });
    long sum = gangway::call([&] {
        long s = 0;
        for (auto& c : all) s += c.get()();
        return s;
    });
    EXPECT_EQ(static_cast<long>(n) * (n - 1) / 2, sum);
}

// Ten million, in flat memory.
TEST(closure, ten_million_made_and_freed) {
    const auto make = [](int n) {
        for (int i = 0; i < n; i++) callback<int(int)>([i](int x) { return x + i; });
    };
    make(test::sized(1'000'000));
    const auto before = gangway::read_mem_stats();
    make(test::sized(9'000'000));
    const auto after = gangway::read_mem_stats();
    EXPECT_EQ(before.closures, after.closures);
    if (before.heap_in_use_bytes != 0) {
        EXPECT_LT(after.heap_in_use_bytes, before.heap_in_use_bytes + (1 << 20));
    }
}

}  // namespace
