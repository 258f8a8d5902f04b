// SPDX-License-Identifier: BSD-3-Clause
// OpenMP: the iterations of C's parallel loops are goroutine code. The thread that comes to a loop is one of its team, so
// what it calls runs on the goroutine that made the call; the others are threads of OpenMP's.
#include "../c/openmp.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

#include "../fixture.hpp"
#include "handover.hpp"

namespace {

constexpr int threads = 4;

using iteration = std::function<int(int)>;

int iterate(int i, void* f) {
    test::handover();
    test::handover_at_end at_end;
    return (*static_cast<iteration*>(f))(i);
}

// One of c/openmp.h's functions, with f for each iteration or thread.
template <auto Fn, class... A>
auto parallel(iteration f, A... args) {
    test::handover();
    test::handover_at_end at_end;
    return gangway::call<Fn>(args..., gangway::exported<&iterate>, &f);
}

GOROUTINE_TEST(openmp, iterations_ask_a_goroutine) {
    constexpr int n = 200;
    gangway::chan<int> in, out;
    gangway::mutex turn;
    auto doubler = gangway::spawn([=]() mutable {
        for (int v : in) out.send(2 * v);
    });
    iteration twice([&](int i) {
        std::lock_guard lock(turn);
        in.send(i);
        return out.recv().value();
    });
    EXPECT_EQ(n * (n - 1), parallel<&::openmp_for>(twice, threads, n));
    in.close();
    doubler.join();
}

// A team's threads wait for each other by a channel: one is the goroutine that called, the others are goroutines of their
// own.
GOROUTINE_TEST(openmp, the_whole_team_waits) {
    for (int round = 0; round < 20; round++) {
        gangway::chan<int> let_go;
        gangway::mutex m;
        std::set<std::uint64_t> ids;
        iteration meet([&](int) {
            {
                std::lock_guard lock(m);
                ids.insert(gangway::goid());
                if (ids.size() == threads) let_go.close();
            }
            EXPECT_EQ(std::nullopt, let_go.recv());
            return 0;
        });
        EXPECT_EQ(threads, parallel<&::openmp_team>(meet, threads));
        EXPECT_EQ(threads, static_cast<int>(ids.size()));
        EXPECT_EQ(1U, ids.count(gangway::goid()));
    }
}

// While one waits in the callback with C's lock held, the others are blocked in C, and the goroutines go on.
GOROUTINE_TEST(openmp, in_a_critical_section) {
    gangway::chan<int> there, back;
    auto other = gangway::spawn([=]() mutable {
        for (int v : there) {
            gangway::gosched();
            back.send(v);
        }
    });
    std::atomic<int> inside{0};
    int calls = 0;
    iteration alone([&](int i) {
        EXPECT_EQ(1, ++inside);
        there.send(i);
        EXPECT_EQ(i, back.recv());
        calls++;
        inside--;
        return 0;
    });
    EXPECT_EQ(threads, parallel<&::openmp_critical>(alone, threads));
    EXPECT_EQ(threads, calls);
    there.close();
    other.join();
}

// Each goroutine that comes to a loop has a team of its own.
GOROUTINE_TEST(openmp, teams_of_many_goroutines) {
    constexpr int n = 6;
    std::atomic<int> inside{0};
    gangway::chan<int> let_go;
    gangway::wait_group all;
    for (int i = 0; i < n; i++) {
        all.go([&] {
            iteration meet([&](int) {
                if (++inside == n * threads) let_go.close();
                EXPECT_EQ(std::nullopt, let_go.recv());
                return 0;
            });
            EXPECT_EQ(threads, parallel<&::openmp_team>(meet, threads));
        });
    }
    all.wait();
    EXPECT_EQ(n * threads, inside);
}

// A loop within an iteration: on each of the team's threads a call, and a team below it.
GOROUTINE_TEST(openmp, nested) {
    iteration inner([](int i) {
        gangway::gosched();
        return i;
    });
    iteration outer([&](int) { return static_cast<int>(parallel<&::openmp_for>(inner, 2, 10)); });
    EXPECT_EQ(8 * 45, parallel<&::openmp_for>(outer, threads, 8));
}

// What the calling thread's callback throws is thrown by the call, once the whole team has ended; what one of the others'
// throws goes to the handler.
GOROUTINE_TEST(openmp, exceptions) {
    std::atomic<int> handled{0};
    gangway::set_callback_exception_handler([&](std::exception_ptr) {
        handled++;
        test::handover();
    });
    iteration fails([](int) -> int {
        gangway::gosched();
        throw std::runtime_error("on a team's thread");
    });
    EXPECT_THROW(parallel<&::openmp_team>(fails, threads), std::runtime_error);
    EXPECT_EQ(threads - 1, handled);
    gangway::set_callback_exception_handler(nullptr);
}

}  // namespace
