// SPDX-License-Identifier: BSD-3-Clause
// Starting goroutines: what go() does with what it is given.
#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

GOROUTINE_TEST(go, copies_and_moves_as_thread_does) {
    int seen = 0;
    test::counted c(3);
    gangway::chan<int> ended;
    gangway::go([](gangway::chan<int> end, test::counted by_value) { end.send(by_value.value); }, ended, c);
    EXPECT_EQ(3, ended.recv());
    gangway::go(
        [](gangway::chan<int> end, int& by_ref) {
            by_ref = 4;
            end.send(0);
        },
        ended, std::ref(seen));
    EXPECT_EQ(0, ended.recv());
    EXPECT_EQ(4, seen);
    gangway::go([ended](std::unique_ptr<int> p) mutable { ended.send(*p); }, std::make_unique<int>(5));
    EXPECT_EQ(5, ended.recv());
    gangway::go([ended, p = std::make_unique<int>(6)]() mutable { ended.send(*p); });
    EXPECT_EQ(6, ended.recv());
    struct has_member {
        void f(gangway::chan<int> end) { end.send(7); }
    };
    gangway::go(&has_member::f, has_member{}, ended);
    EXPECT_EQ(7, ended.recv());
    EXPECT_TRUE(test::yield_until([] { return test::counted::alive == 1; }));
}

GOROUTINE_TEST(go, callables_larger_than_a_page) {
    struct large {
        std::array<char, 100'000> bytes{};
    };
    auto l = std::make_unique<large>();
    l->bytes[99'999] = 'x';
    EXPECT_EQ('x', gangway::spawn([l = *l] { return l.bytes[99'999]; }).join());
}

GOROUTINE_TEST(go, a_copy_that_throws_starts_nothing) {
    struct throws_when_copied {
        throws_when_copied() = default;
        throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }
        void operator()() const { std::abort(); }
    };
    const int before = gangway::num_goroutine();
    const throws_when_copied f;
    for (int i = 0; i < 100; i++) EXPECT_THROW(gangway::go(f), std::runtime_error);
    EXPECT_EQ(before, gangway::num_goroutine());
}

GOROUTINE_TEST(go, from_threads_that_the_runtime_did_not_make) {
    std::atomic<int> ran{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&] {
            EXPECT_EQ(0U, gangway::goid());
            EXPECT_FALSE(gangway::on_goroutine());
            for (int i = 0; i < 100; i++) {
                gangway::go([&] {
                    EXPECT_NE(0U, gangway::goid());
                    ++ran;
                });
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_TRUE(test::yield_until([&] { return ran == 400; }));
}

}  // namespace
