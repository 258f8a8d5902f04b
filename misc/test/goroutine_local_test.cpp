// SPDX-License-Identifier: BSD-3-Clause
// A value for each goroutine, from its first use to its end.
#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

using gangway::goroutine_local;
using test::counted;

constinit goroutine_local<int> number;
goroutine_local<std::string> text([] { return "as it was"; });
goroutine_local<counted> count_me;

bool until_none_alive() {
    return test::yield_until([] { return counted::alive == 0; });
}

GOROUTINE_TEST(goroutine_local, each_goroutine_has_its_own) {
    *number = 7;
    gangway::wait_group done;
    for (int i = 0; i < 100; i++) {
        done.go([i] {
            EXPECT_EQ(0, *number);
            int* mine = &*number;
            for (int k = 0; k < 50; k++) {
                *number += i;
                gangway::gosched();
                ASSERT_EQ(mine, &*number);
            }
            EXPECT_EQ(50 * i, *number);
        });
    }
    done.wait();
    EXPECT_EQ(7, *number);
}

GOROUTINE_TEST(goroutine_local, made_by_a_function) {
    text->append(" at first");
    EXPECT_EQ("as it was at first", *text);
    EXPECT_EQ("as it was", gangway::spawn([] { return *text; }).join());
}

GOROUTINE_TEST(goroutine_local, made_by_a_function_at_the_first_use) {
    std::atomic<int> calls{0};
    goroutine_local<std::unique_ptr<int>> made([&] { return std::make_unique<int>(++calls); });
    EXPECT_EQ(0, calls);
    EXPECT_EQ(1, **made);
    EXPECT_EQ(1, **made);
    EXPECT_EQ(2, gangway::spawn([&] { return **made; }).join());
    gangway::spawn([] {}).join();
    EXPECT_EQ(2, calls);
}

struct immovable {
    explicit immovable(int n) : value(n) {}
    immovable(const immovable&) = delete;
    immovable& operator=(const immovable&) = delete;
    int value;
};
struct alignas(256) over_aligned {
    char bytes[256] = {};
};

GOROUTINE_TEST(goroutine_local, of_all_kinds_of_types) {
    goroutine_local<immovable> still([] { return immovable(3); });
    EXPECT_EQ(3, still->value);
    goroutine_local<over_aligned> wide;
    EXPECT_EQ(0U, reinterpret_cast<std::uintptr_t>(&*wide) % 256);
    goroutine_local<bool> flag([] { return true; });
    EXPECT_TRUE(*flag);
    const goroutine_local<int> itself_const([] { return 4; });
    *itself_const += 1;
    EXPECT_EQ(5, *itself_const);
}

GOROUTINE_TEST(goroutine_local, destroyed_at_the_end) {
    gangway::wait_group done;
    for (int i = 0; i < 50; i++) {
        done.go([i] {
            count_me->value = i;
            gangway::gosched();
            EXPECT_EQ(i, count_me->value);
        });
    }
    done.wait();
    EXPECT_TRUE(until_none_alive());
}

GOROUTINE_TEST(goroutine_local, destroyed_by_goexit) {
    gangway::wait_group done;
    for (int i = 0; i < 50; i++) {
        done.go([] {
            count_me->value = 1;
            gangway::goexit();
        });
    }
    done.wait();
    EXPECT_TRUE(until_none_alive());
}

// Of the main goroutine before run() returns.
TEST(goroutine_local, destroyed_before_run_returns) {
    test::run_and_check([] {
        count_me->value = 1;
        EXPECT_EQ(1, counted::alive);
    });
    EXPECT_EQ(0, counted::alive);
}

// A stack that is used again brings nothing of the last goroutine's.
GOROUTINE_TEST(goroutine_local, a_new_goroutine_has_nothing) {
    for (int i = 0; i < 1000; i++) {
        gangway::spawn([] {
            EXPECT_EQ(0, *number);
            *number = 1;
        }).join();
    }
}

// Runs f when the goroutine that used it ends.
struct at_end {
    std::function<void()> f;
    at_end() = default;
    at_end(const at_end&) = delete;
    at_end& operator=(const at_end&) = delete;
    ~at_end() {
        if (f) f();
    }
};

GOROUTINE_TEST(goroutine_local, destroyed_in_reverse_order) {
    constexpr int n = 20;
    std::array<goroutine_local<at_end>, n> locals;
    gangway::chan<int> destroyed(n);
    gangway::go([&] {
        for (int i = 0; i < n; i++) {
            const int at = i * 7 % n;  // not in the order of their keys
            locals[static_cast<std::size_t>(at)]->f = [&destroyed, i] { destroyed.send(i); };
        }
        for (auto& l : locals) EXPECT_TRUE(l->f != nullptr);
    });
    for (int i = n; i-- > 0;) EXPECT_EQ(i, destroyed.recv());
}

// After the function's own frames, and what it was given.
GOROUTINE_TEST(goroutine_local, destroyed_after_the_function) {
    goroutine_local<at_end> last;
    gangway::chan<int> alive(1);
    const counted given(2);  // of which the goroutine gets a copy
    gangway::go(
        [&](const counted&) {
            last->f = [&] { alive.send(counted::alive); };
            counted in_frame(1);
            gangway::gosched();
        },
        given);
    EXPECT_EQ(1, alive.recv());
}

// On the goroutine's own stack: a destructor may do what a goroutine may.
GOROUTINE_TEST(goroutine_local, destructors_may_park_and_throw_inside) {
    goroutine_local<at_end> last;
    for (const bool by_goexit : {false, true}) {
        gangway::chan<std::uint64_t> told;
        std::atomic<std::uint64_t> id{0};
        gangway::go([&, by_goexit] {
            id = gangway::goid();
            last->f = [&] {
                EXPECT_TRUE(gangway::on_goroutine());
                EXPECT_EQ(nullptr, std::current_exception());
                EXPECT_EQ(0, std::uncaught_exceptions());
                try {
                    gangway::gosched();
                    throw std::runtime_error("inside");
                } catch (const std::exception& e) {
                    EXPECT_STREQ("inside", e.what());
                    EXPECT_EQ(5, gangway::spawn([] { return 5; }).join());
                }
                EXPECT_EQ(nullptr, std::current_exception());
                told.send(gangway::goid());
            };
            if (by_goexit) gangway::goexit();
        });
        EXPECT_EQ(id, told.recv());
    }
}

// It gets the others' values, and a new one where the value is gone.
GOROUTINE_TEST(goroutine_local, destructors_may_use_others) {
    goroutine_local<at_end> first;
    goroutine_local<at_end> second;
    goroutine_local<int> plain([] { return 3; });
    gangway::chan<int> told(2);
    gangway::go([&] {
        *plain = 4;  // the last to go
        first->f = [&] {
            EXPECT_TRUE(second->f == nullptr);  // made anew
            told.send(*plain);
        };
        second->f = [&] {
            EXPECT_TRUE(first->f != nullptr);
            goroutine_local<counted> not_used_before;
            told.send(*plain + not_used_before->value + 10);
        };
    });
    EXPECT_EQ(14, told.recv());
    EXPECT_EQ(4, told.recv());
    EXPECT_TRUE(until_none_alive());
}

GOROUTINE_TEST(goroutine_local, what_making_throws_comes_out) {
    int tries = 0;
    goroutine_local<counted> made([&]() -> counted {
        if (++tries < 3) throw std::runtime_error("not yet");
        return counted(tries);
    });
    EXPECT_THROW((void)*made, std::runtime_error);
    EXPECT_THROW((void)*made, std::runtime_error);
    EXPECT_EQ(3, made->value);
    EXPECT_EQ(3, made->value);
}

GOROUTINE_TEST(goroutine_local, making_one_may_use_others_but_not_itself) {
    goroutine_local<int> base([] { return 2; });
    goroutine_local<int> twice([&] {
        gangway::gosched();
        return *base * 2;
    });
    EXPECT_EQ(4, *twice);
    bool first = true;
    std::optional<goroutine_local<int>> itself;
    itself.emplace([&]() -> int {
        if (!std::exchange(first, false)) return 1;
        return **itself + 1;
    });
    EXPECT_THROW((void)**itself, std::logic_error);
    EXPECT_EQ(1, **itself);
}

// More of them than a table starts with, and goroutines that use different ones.
GOROUTINE_TEST(goroutine_local, many) {
    constexpr std::size_t n = 1000;
    auto locals = std::make_unique<goroutine_local<std::size_t>[]>(n);
    gangway::wait_group done;
    for (std::size_t g = 1; g <= 10; g++) {
        done.go([&, g] {
            for (std::size_t i = 0; i < n; i += g) *locals[i] = i * g;
            gangway::gosched();
            for (std::size_t i = 0; i < n; i += g) ASSERT_EQ(i * g, *locals[i]);
        });
    }
    done.wait();
}

// One that ends first: the caller's value goes with it, the others' with their goroutines, and one that is made at
// the same address knows nothing of them.
GOROUTINE_TEST(goroutine_local, one_that_ends_before_its_goroutines) {
    std::optional<goroutine_local<counted>> local;
    local.emplace([] { return counted(1); });
    gangway::chan<bool> used;
    gangway::chan<bool> go_on;
    auto t = gangway::spawn([&] {
        (*local)->value = 5;
        used.send(true);
        go_on.recv();
        EXPECT_EQ(2, (*local)->value);
    });
    used.recv();
    EXPECT_EQ(1, (*local)->value);
    EXPECT_EQ(2, counted::alive);
    local.emplace([] { return counted(2); });
    EXPECT_EQ(1, counted::alive);
    go_on.send(true);
    t.join();
    EXPECT_TRUE(until_none_alive());
    EXPECT_EQ(2, (*local)->value);
    local.reset();
    EXPECT_EQ(0, counted::alive);
}

int read_number() {
    return *number;
}

// Inside C and in a callback it is the goroutine's that made the call.
GOROUTINE_TEST(goroutine_local, inside_c_and_in_callbacks) {
    *number = 11;
    gangway::call([] {
        EXPECT_EQ(11, *number);
        *text = "made inside C";
        *number += gangway::exported<&read_number>();
    });
    EXPECT_EQ(22, *number);
    EXPECT_EQ("made inside C", *text);
    *number = 0;
}

// Whichever thread it goes on on.
GOROUTINE_TEST(goroutine_local, goes_with_its_goroutine) {
    gangway::wait_group done;
    for (int i = 1; i <= 20; i++) {
        done.go([i] {
            *number = i;
            for (int k = 0; k < 100; k++) {
                gangway::call([] { std::this_thread::yield(); });
                gangway::gosched();
                ASSERT_EQ(i, *number);
            }
        });
    }
    done.wait();
}

// Off a goroutine it is the thread's, and not that of goroutines that run there.
TEST(goroutine_local, off_a_goroutine) {
    *number = 3;
    std::thread other([] {
        EXPECT_EQ(0, *number);
        *number = 4;
        count_me->value = 1;
        EXPECT_EQ(1, counted::alive);
        test::run_and_check([] {
            EXPECT_EQ(0, *number);
            *number = 5;
        });
        EXPECT_EQ(4, *number);
    });
    other.join();
    EXPECT_EQ(0, counted::alive);
    test::run_and_check([] { EXPECT_EQ(0, *number); });
    EXPECT_EQ(3, *number);
    *number = 0;
}

// A thread's end destroys in reverse order too, and its destructors may use others.
TEST(goroutine_local, at_a_threads_end) {
    goroutine_local<at_end> first;
    goroutine_local<at_end> second;
    std::vector<int> order;
    std::thread([&] {
        first->f = [&] {
            order.push_back(1);
            *number = 9;
        };
        second->f = [&] {
            order.push_back(2);
            EXPECT_TRUE(first->f != nullptr);
        };
    }).join();
    EXPECT_EQ((std::vector<int>{2, 1}), order);
}

GOROUTINE_TEST(goroutine_local, many_goroutines) {
    std::atomic<std::int64_t> sum{0};
    gangway::wait_group done;
    const int n = test::sized(20'000);
    for (int i = 0; i < n; i++) {
        done.go([&, i] {
            count_me->value = i;
            if (i % 3 == 0) gangway::gosched();
            sum += count_me->value;
        });
    }
    done.wait();
    EXPECT_EQ(std::int64_t{n} * (n - 1) / 2, sum);
    EXPECT_TRUE(until_none_alive());
}

}  // namespace
