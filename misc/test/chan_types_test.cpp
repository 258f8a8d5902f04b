// SPDX-License-Identifier: BSD-3-Clause
// Elements of all kinds in channels: none is lost, none is destroyed twice, whatever happens to the channel.
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

using gangway::chan;
using test::counted;

template <class T, class Make, class Check>
void all_arrive(std::size_t capacity, Make make, Check check) {
    chan<T> c(capacity);
    gangway::go([make, c]() mutable {
        for (int i = 0; i < 200; i++) c.send(make(i));
        c.close();
    });
    int next = 0;
    for (T& v : c) check(next++, v);
    EXPECT_EQ(200, next);
}

constexpr std::size_t capacities[] = {0, 1, 16};

GOROUTINE_TEST(chan_types, move_only) {
    for (std::size_t n : capacities) {
        all_arrive<std::unique_ptr<int>>(
            n, [](int i) { return std::make_unique<int>(i); }, [](int i, auto& p) { ASSERT_EQ(i, *p); });
    }
    chan<std::unique_ptr<int>> c(1);
    auto p = std::make_unique<int>(1);
    EXPECT_TRUE(c.try_send(p));
    EXPECT_EQ(nullptr, p);
    p = std::make_unique<int>(2);
    EXPECT_FALSE(c.try_send(p));
    EXPECT_EQ(2, *p);
    EXPECT_EQ(1, **c.recv());
}

GOROUTINE_TEST(chan_types, strings) {
    for (std::size_t n : capacities) {
        all_arrive<std::string>(
            n, [](int i) { return std::string(static_cast<std::size_t>(i), 'x'); },
            [](int i, const std::string& s) { ASSERT_EQ(static_cast<std::size_t>(i), s.size()); });
    }
}

GOROUTINE_TEST(chan_types, large) {
    struct large {
        int number;
        std::array<char, 20'000> bytes;
    };
    chan<large> c(2);
    auto receiver = gangway::spawn([c]() mutable {
        int sum = 0;
        for (large& l : c) sum += l.number + l.bytes[19'999];
        return sum;
    });
    auto l = std::make_unique<large>();
    l->bytes[19'999] = 1;
    for (int i = 0; i < 100; i++) {
        l->number = i;
        c.send(*l);
    }
    c.close();
    EXPECT_EQ(4950 + 100, receiver.join());
}

GOROUTINE_TEST(chan_types, empty_and_overaligned) {
    struct nothing {};
    all_arrive<nothing>(
        3, [](int) { return nothing{}; }, [](int, nothing&) {});
    struct alignas(64) aligned {
        int v;
    };
    all_arrive<aligned>(
        3, [](int i) { return aligned{i}; },
        [](int i, aligned& a) {
            ASSERT_EQ(i, a.v);
            ASSERT_EQ(0U, reinterpret_cast<std::uintptr_t>(&a) % 64);
        });
}

GOROUTINE_TEST(chan_types, channels_of_channels) {
    chan<chan<int>> requests;
    gangway::go([requests]() mutable {
        int n = 0;
        for (chan<int>& reply : requests) reply.send(n++);
    });
    for (int i = 0; i < 50; i++) {
        chan<int> reply;
        requests.send(reply);
        EXPECT_EQ(i, reply.recv());
    }
    requests.close();
}

GOROUTINE_TEST(chan_types, instances_are_destroyed_once) {
    for (std::size_t n : capacities) {
        all_arrive<counted>(
            n, [](int i) { return counted(i); }, [](int i, const counted& c) { ASSERT_EQ(i, c.value); });
    }
    EXPECT_TRUE(test::yield_until([] { return counted::alive == 0; }));
}

GOROUTINE_TEST(chan_types, what_is_left_in_a_channel_goes_with_it) {
    {
        chan<counted> c(10);
        for (int i = 0; i < 7; i++) c.send(counted(i));
        EXPECT_EQ(2, c.recv()->value + c.recv()->value + 1);
        EXPECT_EQ(5, counted::alive);
    }
    EXPECT_EQ(0, counted::alive);
    {
        chan<counted> c(10);
        for (int i = 0; i < 7; i++) c.send(counted(i));
        c.close();
        chan<counted> copy = c;
        EXPECT_EQ(0, copy.recv()->value);
    }
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(chan_types, refused_elements_are_destroyed) {
    chan<counted> c(1);
    c.send(counted(1));
    gangway::wait_group done;
    for (int i = 0; i < 5; i++)
        done.go([c]() mutable { EXPECT_THROW(c.send(counted(2)), gangway::channel_closed); });
    for (int i = 0; i < 100; i++) gangway::gosched();
    c.close();
    done.wait();
    EXPECT_THROW(c.send(counted(3)), gangway::channel_closed);
    EXPECT_EQ(1, counted::alive);
    EXPECT_EQ(1, c.recv()->value);
    EXPECT_EQ(0, counted::alive);
}

GOROUTINE_TEST(chan_types, try_operations_keep_instances) {
    chan<counted> c(1);
    counted one(1);
    counted two(2);
    EXPECT_TRUE(c.try_send(one));
    EXPECT_FALSE(c.try_send(two));
    EXPECT_EQ(2, two.value);
    std::optional<counted> got;
    EXPECT_TRUE(c.try_recv(got));
    EXPECT_EQ(1, got->value);
    EXPECT_FALSE(c.try_recv(got));
    got.reset();
    EXPECT_EQ(2, counted::alive);
}

// A move that throws, when asked to: the element is boxed, so no move of the runtime's can throw.
class move_may_throw {
public:
    explicit move_may_throw(int v, int* fuse = nullptr) : value(v), fuse_(fuse) {}
    move_may_throw(move_may_throw&& o) : value(o.value), fuse_(o.fuse_), inside_(std::move(o.inside_)) {
        if (fuse_ != nullptr && --*fuse_ == 0) throw std::runtime_error("move");
    }
    move_may_throw& operator=(move_may_throw&&) = delete;
    int value;

private:
    int* fuse_;
    counted inside_{1};
};

GOROUTINE_TEST(chan_types, moves_that_may_throw) {
    for (std::size_t n : capacities) {
        all_arrive<move_may_throw>(
            n, [](int i) { return move_may_throw(i); },
            [](int i, const move_may_throw& m) { ASSERT_EQ(i, m.value); });
    }
    EXPECT_TRUE(test::yield_until([] { return counted::alive == 0; }));
}

GOROUTINE_TEST(chan_types, moves_that_do_throw) {
    // Whichever move it is, on the way in or out, nobody is left waiting and no instance is left.
    for (int at = 1; at <= 8; at++) {
        int fuse = at;
        chan<move_may_throw> c(1);
        bool threw = false;
        try {
            c.send(move_may_throw(1, &fuse));
            c.recv();
        } catch (const std::runtime_error&) {
            threw = true;
        }
        EXPECT_EQ(fuse <= 0, threw);
        c.close();
        for (move_may_throw& m : c) EXPECT_EQ(1, m.value);
    }
    EXPECT_EQ(0, counted::alive);
}

}  // namespace
