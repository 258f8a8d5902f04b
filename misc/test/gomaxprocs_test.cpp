// SPDX-License-Identifier: BSD-3-Clause
// The number of ps, and changing it.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <thread>

#include "fixture.hpp"

namespace {

GOROUTINE_TEST(gomaxprocs, gives_the_number_before) {
    const int n = gangway::gomaxprocs();
    EXPECT_EQ(test::ps(), n);
    EXPECT_EQ(n, gangway::gomaxprocs(5));
    EXPECT_EQ(5, gangway::gomaxprocs());
    EXPECT_EQ(5, gangway::gomaxprocs(n));
    EXPECT_THROW(gangway::gomaxprocs(-1), std::invalid_argument);
    EXPECT_THROW(gangway::gomaxprocs(1025), std::invalid_argument);
    EXPECT_EQ(n, gangway::gomaxprocs());
}

// setnumcapabilities001, setconcurrency_with_running_bthread: the number of ps changes while there is work.
GOROUTINE_TEST(gomaxprocs, changes_under_load) {
    std::atomic<bool> over{false};
    gangway::wait_group done;
    std::atomic<std::int64_t> rounds{0};
    gangway::chan<int> there;
    gangway::chan<int> back;
    done.go([there, back]() mutable {
        for (int v : there) back.send(v);
    });
    for (int i = 0; i < 20; i++) {
        done.go([&] {
            while (!over) {
                ++rounds;
                gangway::gosched();
                gangway::call([] {});
            }
        });
    }
    for (int i = 0; i < test::sized(300); i++) {
        const int n = 1 + i % 9;
        gangway::gomaxprocs(n);
        there.send(i);
        ASSERT_EQ(i, back.recv());
        ASSERT_EQ(n, gangway::gomaxprocs());
    }
    over = true;
    there.close();
    done.wait();
    EXPECT_GT(rounds, 0);
    gangway::gomaxprocs(test::ps());
}

// W1 over stops: what another thread starts while the world is stopped, or while there is no idle p, is run by the p that
// comes back, for the goroutine here does not come to the scheduler.
TEST(gomaxprocs, leaves_no_goroutine_beside_an_idle_p) {
    test::run_and_check(test::with_ps(2), [] {
        const int rounds = test::sized(1000);
        std::atomic<int> asked{0};
        std::atomic<int> ran{0};
        std::thread outside([&] {
            for (int i = 1; i <= rounds; i++) {
                while (asked < i) std::this_thread::yield();
                gangway::go([&ran, i] { ran = i; });
            }
        });
        for (int i = 1; i <= rounds; i++) {
            asked = i;
            for (int k = 0; k < i % 20; k++) {
                gangway::gomaxprocs(1);
                gangway::gomaxprocs(2);
            }
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
            while (ran < i && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
            if (ran < i) {
                ADD_FAILURE() << "round " << i;
                asked = rounds;
                break;
            }
        }
        outside.join();
    });
}

// TestBigGOMAXPROCS
TEST(gomaxprocs, TestBigGOMAXPROCS) {
    test::run_and_check(test::with_ps(1024), [] {
        gangway::wait_group done;
        for (int i = 0; i < 2000; i++) done.go([] { gangway::gosched(); });
        done.wait();
    });
}

}  // namespace
