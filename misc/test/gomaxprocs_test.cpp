// SPDX-License-Identifier: BSD-3-Clause
// The number of ps, and changing it.
#include <atomic>
#include <cstdint>
#include <stdexcept>

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

// TestBigGOMAXPROCS
TEST(gomaxprocs, TestBigGOMAXPROCS) {
    test::run_and_check(test::with_ps(1024), [] {
        gangway::wait_group done;
        for (int i = 0; i < 2000; i++) done.go([] { gangway::gosched(); });
        done.wait();
    });
}

}  // namespace
