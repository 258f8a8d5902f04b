// SPDX-License-Identifier: BSD-3-Clause
// select: one case and one only, whichever can go on, and nobody is forgotten.
#include <array>
#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include "fixture.hpp"

namespace {

using gangway::chan;
using gangway::on_default;
using gangway::on_recv;
using gangway::on_send;
using gangway::on_timeout;
using gangway::select;
using namespace std::chrono_literals;

constexpr int many = test::under_sanitizer ? 1'000 : 20'000;
const auto ignore = [](auto&&...) {};

GOROUTINE_TEST(select, gives_the_position_of_the_case_that_ran) {
    chan<int> empty, full(1);
    full.send(7);
    int got = 0;
    EXPECT_EQ(1U,
              select(on_recv(empty, ignore), on_recv(full, [&](std::optional<int> v) { got = v.value_or(-1); })));
    EXPECT_EQ(7, got);
    bool ran = false;
    EXPECT_EQ(0U, select(on_default([&] { ran = true; }), on_recv(empty, ignore)));
    EXPECT_TRUE(ran);
    EXPECT_EQ(1U, select(on_recv(empty, ignore), on_timeout(1ms, ignore)));
    EXPECT_EQ(1U, select(on_recv(empty, ignore), on_send(full, 8, ignore), on_timeout(1h, ignore)));
    EXPECT_EQ(8, full.recv());
}

// A case of a temporary has a handle of its own.
GOROUTINE_TEST(select, keeps_a_channel_that_nobody_else_has) {
    auto full = [] {
        chan<std::string> c(1);
        c.send("in a channel that has no name any more");
        return c;
    };
    auto receive = on_recv(full(), [](std::optional<std::string> s) { EXPECT_EQ(38U, s.value_or("").size()); });
    auto send = on_send(chan<int>(1), 1, ignore);
    chan<int> empty;
    EXPECT_EQ(1U, select(on_recv(empty, ignore), receive));
    EXPECT_EQ(1U, select(on_recv(empty, ignore), send));
}

GOROUTINE_TEST(select, receives_nullopt_of_a_closed_channel_and_throws_for_a_send) {
    chan<int> closed;
    closed.close();
    bool nothing = false;
    EXPECT_EQ(0U, select(on_recv(closed, [&](std::optional<int> v) { nothing = !v; })));
    EXPECT_TRUE(nothing);
    EXPECT_THROW(select(on_send(closed, 1, ignore)), gangway::channel_closed);
}

GOROUTINE_TEST(select, that_is_parked_in_a_send_throws_when_the_channel_is_closed) {
    chan<int> c, never;
    auto sender = gangway::spawn([=] { select(on_send(c, 1, ignore), on_recv(never, ignore)); });
    ASSERT_TRUE(test::yield_until([&] { return gangway::stacks().find("[select") != std::string::npos; }));
    c.close();
    EXPECT_THROW(sender.join(), gangway::channel_closed);
}

// TestSelfSelect: a select that sends and receives on one channel must not meet itself.
GOROUTINE_TEST(select, does_not_receive_what_it_sends) {
    for (std::size_t capacity : {0U, 10U}) {
        chan<int> c(capacity);
        gangway::wait_group wg;
        std::atomic<int> wrong{0};
        for (int p = 0; p < 2; p++) {
            wg.go([&, p, c]() mutable {
                for (int i = 0; i < many; i++) {
                    auto receive = on_recv(c, [&](std::optional<int> v) {
                        if (c.capacity() == 0 && v == p) wrong++;
                    });
                    if ((i + p) % 2 == 0) {
                        select(on_send(c, p, ignore), receive);
                    } else {
                        select(receive, on_send(c, p, ignore));
                    }
                    std::optional<int> drained;
                    if (c.capacity() != 0) c.try_recv(drained);
                }
                // The other may wait for a partner still.
                std::optional<int> last;
                for (int i = 0; i < many; i++) c.try_recv(last);
            });
        }
        // Whoever is left over when the other has ended is let go.
        std::atomic<bool> ended{false};
        auto drain = gangway::spawn([&, c]() mutable {
            std::optional<int> v;
            while (!ended) {
                c.try_recv(v);
                gangway::gosched();
            }
        });
        wg.wait();
        ended = true;
        drain.join();
        EXPECT_EQ(0, wrong.load());
    }
}

// TestSelectFairness
GOROUTINE_TEST(select, is_fair) {
    constexpr int trials = many;
    chan<char> a(trials + 1), b(trials + 1);
    for (int i = 0; i <= trials; i++) {
        a.send('a');
        b.send('b');
    }
    int na = 0;
    for (int i = 0; i < trials; i++) select(on_recv(a, [&](auto) { na++; }), on_recv(b, ignore));
    const double sigma = std::sqrt(trials * 0.25);
    EXPECT_NEAR(trials / 2.0, na, 10 * sigma);
}

// TestNonblockSelectRace: one of two channels is always ready, so default is never right.
GOROUTINE_TEST(select, never_takes_default_while_one_of_two_is_ready) {
    for (int i = 0; i < test::sized(100'000, 100); i++) {
        chan<int> a(1), b(1);
        a.send(1);
        auto other = gangway::spawn([a, b]() mutable {
            b.send(1);
            std::optional<int> v;
            a.try_recv(v);
        });
        bool nothing = false;
        select(on_recv(a, ignore), on_recv(b, ignore), on_default([&] { nothing = true; }));
        other.join();
        ASSERT_FALSE(nothing) << i;
    }
}

// TestNonblockSelectRace2: the same where the second becomes ready by being closed.
GOROUTINE_TEST(select, never_takes_default_while_one_of_two_is_ready_or_closed) {
    for (int i = 0; i < test::sized(100'000, 100); i++) {
        chan<int> a(1), b;
        a.send(1);
        auto other = gangway::spawn([a, b]() mutable {
            b.close();
            std::optional<int> v;
            a.try_recv(v);
        });
        bool nothing = false;
        select(on_recv(a, ignore), on_recv(b, ignore), on_default([&] { nothing = true; }));
        other.join();
        ASSERT_FALSE(nothing) << i;
    }
}

// TestPseudoRandomSend: a send that could go either way goes either way often.
GOROUTINE_TEST(select, TestPseudoRandomSend) {
    constexpr int n = 100;
    for (std::size_t capacity : {std::size_t{0}, std::size_t{n}}) {
        chan<int> c(capacity);
        auto receiver = gangway::spawn([c]() mutable {
            std::array<int, 2> seen{};
            for (int i = 0; i < n; i++) {
                gangway::gosched();
                ++seen[static_cast<std::size_t>(c.recv().value())];
            }
            return seen;
        });
        for (int i = 0; i < n; i++) select(on_send(c, 0, ignore), on_send(c, 1, ignore));
        for (int count : receiver.join()) EXPECT_LT(n / 10, count);
    }
}

// doubleselect: one select never sends in two of its cases.
GOROUTINE_TEST(select, doubleselect) {
    std::array<chan<int>, 4> c;
    chan<int> all;
    constexpr int n = many;
    gangway::wait_group forwarders;
    for (auto& from : c) {
        forwarders.go([from, all]() mutable {
            for (int v : from) all.send(v);
        });
    }
    gangway::go([&forwarders, all]() mutable {
        forwarders.wait();
        all.close();
    });
    gangway::go([c]() mutable {
        for (int i = 0; i < n; i++) {
            select(on_send(c[0], i, ignore), on_send(c[1], i, ignore), on_send(c[2], i, ignore),
                   on_send(c[3], i, ignore));
        }
        for (auto& one : c) one.close();
    });
    std::vector<bool> seen(n);
    int received = 0;
    for (int v : all) {
        ASSERT_FALSE(seen[static_cast<std::size_t>(v)]) << v << " was sent twice";
        seen[static_cast<std::size_t>(v)] = true;
        ++received;
    }
    EXPECT_EQ(n, received);
}

// select6: a case that was not taken, last in its channel's queue, leaves those before and after it in order.
GOROUTINE_TEST(select, select6) {
    for (bool sends : {false, true}) {
        chan<int> c, other;
        chan<int> done(3);
        auto waits = [&](int n) {
            return test::yield_until(
                [n, sends] { return test::goroutines_in(sends ? "chan send" : "chan receive") == n; });
        };
        auto one = [=]() mutable {
            if (sends) {
                c.send(1);
            } else {
                c.recv();
            }
            done.send(1);
        };
        gangway::go(one);
        ASSERT_TRUE(waits(1));
        gangway::go([=]() mutable {
            if (sends) {
                select(on_send(c, 2, ignore), on_recv(other, ignore));
            } else {
                select(on_recv(c, ignore), on_recv(other, ignore));
            }
            done.send(2);
        });
        ASSERT_TRUE(test::until_parked(1, "select"));
        other.send(1);
        EXPECT_EQ(2, done.recv());
        gangway::go(one);
        ASSERT_TRUE(waits(2));
        for (int i = 0; i < 2; i++) {
            if (sends) {
                EXPECT_EQ(1, c.recv());
            } else {
                c.send(1);
            }
            EXPECT_EQ(1, done.recv());
        }
    }
}

// select3: which cases can go on, by the state of their channel.
GOROUTINE_TEST(select, select3) {
    chan<int> never, closed, empty(2), full(1);
    closed.close();
    full.send(1);
    auto blocks = [](auto one) { return select(one, on_default(ignore)) == 1; };
    EXPECT_TRUE(blocks(on_recv(never, ignore)));
    EXPECT_TRUE(blocks(on_send(never, 1, ignore)));
    EXPECT_TRUE(blocks(on_recv(empty, ignore)));
    EXPECT_TRUE(blocks(on_send(full, 2, ignore)));
    EXPECT_FALSE(blocks(on_recv(closed, ignore)));
    EXPECT_THROW(blocks(on_send(closed, 1, ignore)), gangway::channel_closed);
    EXPECT_FALSE(blocks(on_send(empty, 1, ignore)));
    EXPECT_FALSE(blocks(on_recv(full, ignore)));
    // Those that cannot go on do not hinder the one that can, nor one that comes to.
    EXPECT_EQ(1U, select(on_recv(never, ignore), on_recv(closed, ignore), on_send(never, 1, ignore)));
    gangway::go([never]() mutable { never.recv(); });
    EXPECT_EQ(2U, select(on_recv(full, ignore), on_timeout(1h, ignore), on_send(never, 1, ignore)));
}

// TestSelectStress: 4 channels, goroutines that send, receive and select at random: nothing is lost.
GOROUTINE_TEST(select, stress_loses_nothing) {
    constexpr int n = many;
    std::array<chan<int>, 4> c{chan<int>(0), chan<int>(0), chan<int>(2), chan<int>(3)};
    gangway::wait_group wg;
    std::atomic<long> sent{0}, received{0};
    for (int k = 0; k < 4; k++) {
        wg.go([&, k] {
            for (int i = 0; i < n; i++) {
                c[static_cast<std::size_t>(k)].send(i);
                sent += i;
            }
        });
        wg.go([&, k] {
            for (int i = 0; i < n; i++) received += *c[static_cast<std::size_t>(k)].recv();
        });
    }
    // n on each channel, as the goroutines above: one that has had its share is left out, by a channel that nobody else
    // has. (With one for both the two would meet there.)
    wg.go([&] {
        const chan<int> none;
        std::array<int, 4> left{n, n, n, n};
        auto from = [&](std::size_t k) {
            return on_recv(left[k] > 0 ? c[k] : none, [&, k](std::optional<int> v) {
                left[k]--;
                received += *v;
            });
        };
        for (int i = 0; i < 4 * n; i++) select(from(0), from(1), from(2), from(3));
    });
    wg.go([&] {
        const chan<int> none;
        std::array<int, 4> left{n, n, n, n};
        auto to = [&](std::size_t k) {
            return on_send(left[k] > 0 ? c[k] : none, 1, [&, k] {
                left[k]--;
                sent += 1;
            });
        };
        for (int i = 0; i < 4 * n; i++) select(to(0), to(1), to(2), to(3));
    });
    wg.wait();
    EXPECT_EQ(sent.load(), received.load());
}

GOROUTINE_TEST(select, of_more_cases_than_fit_in_its_frame) {
    std::array<chan<std::string>, 9> c;
    gangway::go([c]() mutable {
        for (auto& one : c) one.send("1");
    });
    int sum = 0;
    auto add = [&](std::optional<std::string> v) { sum += std::stoi(v.value()); };
    for (int i = 0; i < 9; i++) {
        select(on_recv(c[0], add), on_recv(c[1], add), on_recv(c[2], add), on_recv(c[3], add), on_recv(c[4], add),
               on_recv(c[5], add), on_recv(c[6], add), on_recv(c[7], add), on_recv(c[8], add));
    }
    EXPECT_EQ(9, sum);
}

}  // namespace
