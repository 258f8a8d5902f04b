// SPDX-License-Identifier: BSD-3-Clause
// Channels: order, blocking, closing, and every item once. Element types are in chan_types_test.cpp.
#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace {

using gangway::chan;
using gangway::channel_closed;

// Yields often enough that whoever could run has run: what then has not happened was blocked.
void let_others_run() {
    for (int i = 0; i < 100; i++) gangway::gosched();
}

class chan_of_capacity : public ::testing::TestWithParam<std::size_t> {
protected:
    template <class Body>
    static void with_capacity(Body body) {
        test::run_and_check([&] { body(GetParam()); });
    }
};

TEST_P(chan_of_capacity, recv_blocks_while_empty) {
    with_capacity([](std::size_t capacity) {
        chan<int> c(capacity);
        std::atomic<bool> received{false};
        gangway::go([&received, c]() mutable {
            c.recv();
            received = true;
        });
        std::optional<int> v;
        let_others_run();
        EXPECT_FALSE(received);
        c.send(0);
        EXPECT_TRUE(test::yield_until([&] { return received.load(); }));
        EXPECT_FALSE(c.try_recv(v));
        EXPECT_EQ(0U, c.size());
        EXPECT_EQ(capacity, c.capacity());
    });
}

TEST_P(chan_of_capacity, send_blocks_when_full) {
    with_capacity([](std::size_t capacity) {
        chan<int> c(capacity);
        for (std::size_t i = 0; i < capacity; i++) c.send(static_cast<int>(i));
        EXPECT_EQ(capacity, c.size());
        std::atomic<bool> sent{false};
        gangway::go([&sent, capacity, c]() mutable {
            c.send(static_cast<int>(capacity));
            sent = true;
        });
        let_others_run();
        EXPECT_FALSE(sent);
        int one_more = -1;
        EXPECT_FALSE(c.try_send(one_more));
        EXPECT_EQ(-1, one_more);
        for (std::size_t i = 0; i <= capacity; i++) EXPECT_EQ(static_cast<int>(i), c.recv());
        EXPECT_TRUE(test::yield_until([&] { return sent.load(); }));
    });
}

TEST_P(chan_of_capacity, close_gives_what_is_buffered_and_then_nothing) {
    with_capacity([](std::size_t capacity) {
        chan<int> c(capacity);
        for (std::size_t i = 0; i < capacity; i++) c.send(static_cast<int>(i));
        c.close();
        for (std::size_t i = 0; i < capacity; i++) EXPECT_EQ(static_cast<int>(i), c.recv());
        EXPECT_EQ(std::nullopt, c.recv());
        EXPECT_EQ(std::nullopt, c.recv());
        std::optional<int> v = 1;
        EXPECT_TRUE(c.try_recv(v));
        EXPECT_EQ(std::nullopt, v);
    });
}

TEST_P(chan_of_capacity, close_wakes_receivers) {
    with_capacity([](std::size_t capacity) {
        chan<int> c(capacity);
        gangway::wait_group done;
        for (int i = 0; i < 5; i++) done.go([c]() mutable { EXPECT_EQ(std::nullopt, c.recv()); });
        let_others_run();
        c.close();
        done.wait();
    });
}

TEST_P(chan_of_capacity, a_parked_sender_gets_channel_closed) {
    with_capacity([](std::size_t capacity) {
        chan<int> c(capacity);
        for (std::size_t i = 0; i < capacity; i++) c.send(static_cast<int>(i));
        gangway::wait_group done;
        for (int i = 0; i < 3; i++) {
            done.go([c]() mutable { EXPECT_THROW(c.send(-1), channel_closed); });
        }
        let_others_run();
        c.close();
        done.wait();
        for (std::size_t i = 0; i < capacity; i++) EXPECT_EQ(static_cast<int>(i), c.recv());
        EXPECT_EQ(std::nullopt, c.recv());
    });
}

TEST_P(chan_of_capacity, first_in_first_out) {
    with_capacity([](std::size_t capacity) {
        chan<int> c(capacity);
        gangway::go([c]() mutable {
            for (int i = 0; i < 100; i++) c.send(i);
            c.close();
        });
        int next = 0;
        for (int v : c) EXPECT_EQ(next++, v);
        EXPECT_EQ(100, next);
    });
}

TEST_P(chan_of_capacity, many_producers_and_consumers) {
    with_capacity([](std::size_t capacity) {
        constexpr int producers = 4;
        static constexpr int each = test::sized(1000);
        chan<int> c(capacity);
        gangway::wait_group produced;
        for (int p = 0; p < producers; p++) {
            produced.go([c]() mutable {
                for (int i = 0; i < each; i++) c.send(i);
            });
        }
        std::vector<gangway::task<std::vector<int>>> consumers;
        for (int p = 0; p < producers; p++) {
            consumers.push_back(gangway::spawn([c]() mutable {
                std::vector<int> seen(static_cast<std::size_t>(each));
                for (int v : c) ++seen[static_cast<std::size_t>(v)];
                return seen;
            }));
        }
        produced.wait();
        c.close();
        std::vector<int> seen(static_cast<std::size_t>(each));
        for (auto& t : consumers) {
            std::vector<int> part = t.join();
            for (std::size_t i = 0; i < seen.size(); i++) seen[i] += part[i];
        }
        for (int n : seen) ASSERT_EQ(producers, n);
    });
}

// One sender's items stay in order whoever else sends.
TEST_P(chan_of_capacity, each_producers_items_stay_in_order) {
    with_capacity([](std::size_t capacity) {
        struct item {
            int producer;
            int number;
        };
        chan<item> c(capacity);
        gangway::wait_group produced;
        for (int p = 0; p < 4; p++) {
            produced.go([p, c]() mutable {
                for (int i = 0; i < 100; i++) c.send({p, i});
            });
        }
        gangway::go([&produced, c]() mutable {
            produced.wait();
            c.close();
        });
        int next[4] = {};
        for (const item& it : c) ASSERT_EQ(next[it.producer]++, it.number);
        for (int n : next) EXPECT_EQ(100, n);
    });
}

// TestChan: 200 capacities.
INSTANTIATE_TEST_SUITE_P(TestChan, chan_of_capacity,
                         ::testing::Range<std::size_t>(0, 200, test::under_sanitizer ? 33 : 1));

GOROUTINE_TEST(chan, an_unbuffered_send_waits_for_its_receiver) {
    chan<int> c;
    std::atomic<bool> sent{false};
    gangway::go([&sent, c]() mutable {
        c.send(1);
        sent = true;
    });
    let_others_run();
    EXPECT_FALSE(sent);
    EXPECT_EQ(1, c.recv());
    EXPECT_TRUE(test::yield_until([&] { return sent.load(); }));
}

GOROUTINE_TEST(chan, parked_senders_and_receivers_are_served_in_order) {
    chan<int> c;
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([i, c]() mutable { c.send(i); });
        ASSERT_TRUE(test::yield_until([i] { return test::goroutines_in("chan send") == i + 1; }));
    }
    for (int i = 0; i < 10; i++) EXPECT_EQ(i, c.recv());
    for (int i = 0; i < 10; i++) {
        done.go([i, c]() mutable { EXPECT_EQ(i, c.recv()); });
        ASSERT_TRUE(test::yield_until([i] { return test::goroutines_in("chan receive") == i + 1; }));
    }
    for (int i = 0; i < 10; i++) c.send(i);
    done.wait();
}

// TestRuntimePanicWithRuntimeError
GOROUTINE_TEST(chan, closing_twice_and_sending_on_closed_are_errors) {
    for (std::size_t capacity : {0U, 1U}) {
        chan<int> c(capacity);
        c.close();
        EXPECT_THROW(c.close(), channel_closed);
        EXPECT_THROW(c.send(1), channel_closed);
        int v = 3;
        EXPECT_THROW(c.try_send(v), channel_closed);
        EXPECT_EQ(3, v);
    }
}

GOROUTINE_TEST(chan, try_operations_meet_parked_ones) {
    chan<int> c;
    std::optional<int> v;
    gangway::go([c]() mutable { c.send(7); });
    EXPECT_TRUE(test::yield_until([&] { return c.try_recv(v); }));
    EXPECT_EQ(7, v);

    auto receiver = gangway::spawn([c]() mutable { return c.recv(); });
    int out = 8;
    EXPECT_TRUE(test::yield_until([&] { return c.try_send(out); }));
    EXPECT_EQ(8, receiver.join());
}

GOROUTINE_TEST(chan, copies_are_the_same_channel) {
    chan<int> a(1);
    chan<int> b = a;
    chan<int> c(1);
    EXPECT_EQ(a, b);
    EXPECT_FALSE(a == c);
    a.send(5);
    EXPECT_EQ(5, b.recv());
    c = b;
    EXPECT_EQ(a, c);
    c.send(6);
    EXPECT_EQ(6, a.recv());
    chan<int> moved = std::move(b);
    moved.send(7);
    EXPECT_EQ(7, a.recv());
}

TEST(chan, capacity_that_does_not_fit_in_memory) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    EXPECT_THROW(chan<int>{most}, std::length_error);
    EXPECT_THROW(chan<int>{most / 2}, std::length_error);
}

TEST(chan, iteration_of_a_closed_channel_is_empty) {
    test::run_and_check([] {
        chan<int> c;
        c.close();
        EXPECT_TRUE(c.begin() == c.end());
    });
}

// Any thread: what has to wait does.
TEST(chan, off_a_goroutine) {
    chan<int> c(1);
    c.send(1);
    int two = 2;
    EXPECT_FALSE(c.try_send(two));
    gangway::go([c]() mutable { EXPECT_EQ(1, c.recv()); });
    c.send(2);
    EXPECT_EQ(2, c.recv());
    std::optional<int> v;
    EXPECT_FALSE(c.try_recv(v));
    std::thread other([c]() mutable { EXPECT_EQ(3, c.recv()); });
    c.send(3);
    other.join();
    c.close();
    EXPECT_EQ(std::nullopt, c.recv());
}

GOROUTINE_TEST(chan, a_foreign_thread_wakes_a_parked_goroutine) {
    chan<int> c(1);
    std::thread sender([c]() mutable { c.send(9); });
    EXPECT_EQ(9, c.recv());
    sender.join();
    chan<int> closes;
    std::thread closer([closes]() mutable { closes.close(); });
    EXPECT_EQ(std::nullopt, closes.recv());
    closer.join();
}

// TestMultiConsumer
GOROUTINE_TEST(chan, TestMultiConsumer) {
    constexpr int workers = 23;
    static constexpr std::int64_t items = test::sized(271'828, 20);
    static constexpr int primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
    chan<std::int64_t> queue(static_cast<std::size_t>(items / 4));
    chan<std::int64_t> results(static_cast<std::size_t>(items / 4));
    gangway::wait_group done;
    for (int i = 0; i < workers; i++) {
        done.go([queue, results]() mutable {
            for (std::int64_t v : queue) {
                if (v % 256 < 10) gangway::gosched();
                results.send(v);
            }
        });
    }
    auto expected = gangway::spawn([queue]() mutable {
        std::int64_t sum = 0;
        for (std::int64_t i = 0; i < items; i++) {
            const std::int64_t v = primes[i % 10] * i + 1;
            sum += v;
            queue.send(v);
        }
        queue.close();
        return sum;
    });
    gangway::go([&done, results]() mutable {
        done.wait();
        results.close();
    });
    std::int64_t n = 0;
    std::int64_t sum = 0;
    for (std::int64_t v : results) {
        ++n;
        sum += v;
    }
    EXPECT_EQ(items, n);
    EXPECT_EQ(expected.join(), sum);
}

// A sieve of daisy-chained filters: many channels with few goroutines on each.
GOROUTINE_TEST(chan, prime_sieve) {
    chan<int> numbers;
    chan<int> quit;
    gangway::wait_group done;
    done.go([numbers]() mutable {
        try {
            for (int i = 2;; i++) numbers.send(i);
        } catch (const channel_closed&) {
        }
    });
    std::vector<int> primes;
    std::vector<chan<int>> stages{numbers};
    for (int i = 0; i < 50; i++) {
        const int prime = stages.back().recv().value();
        primes.push_back(prime);
        chan<int> next;
        done.go([in = stages.back(), next, prime]() mutable {
            try {
                for (int v : in) {
                    if (v % prime != 0) next.send(v);
                }
            } catch (const channel_closed&) {
            }
        });
        stages.push_back(next);
    }
    for (auto& c : stages) c.close();
    done.wait();
    EXPECT_EQ(229, primes.back());
}

// TestNonblockRecvRace: what is buffered, or closed, is ready; try_recv never says that it would have to wait.
GOROUTINE_TEST(chan, TestNonblockRecvRace) {
    for (int i = 0; i < test::sized(10'000); i++) {
        chan<int> c(1);
        c.send(1);
        auto other = gangway::spawn([c]() mutable {
            std::optional<int> v;
            return c.try_recv(v);
        });
        c.close();
        c.recv();
        ASSERT_TRUE(other.join()) << i;
    }
}

}  // namespace
