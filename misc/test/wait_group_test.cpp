// SPDX-License-Identifier: BSD-3-Clause
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "fixture.hpp"

namespace {

using gangway::wait_group;

GOROUTINE_TEST(wait_group, waits_for_all) {
    for (int n : {1, 2, 16, 500}) {
        wait_group wg;
        std::atomic<int> ended{0};
        wg.add(n);
        for (int i = 0; i < n; i++) {
            gangway::go([&] {
                gangway::gosched();
                ++ended;
                wg.done();
            });
        }
        wg.wait();
        EXPECT_EQ(n, ended);
    }
}

GOROUTINE_TEST(wait_group, does_not_wait_for_nothing) {
    wait_group wg;
    wg.wait();
    wg.add(2);
    wg.add(-2);
    wg.wait();
}

GOROUTINE_TEST(wait_group, wakes_every_waiter_and_not_before) {
    wait_group wg;
    wg.add();
    std::atomic<int> woken{0};
    wait_group waiters;
    for (int i = 0; i < 50; i++) {
        waiters.go([&] {
            wg.wait();
            ++woken;
        });
    }
    for (int i = 0; i < 200; i++) gangway::gosched();
    EXPECT_EQ(0, woken);
    wg.done();
    waiters.wait();
    EXPECT_EQ(50, woken);
}

GOROUTINE_TEST(wait_group, can_be_used_again) {
    wait_group wg;
    int sum = 0;
    for (int i = 0; i < 500; i++) {
        wg.go([&] { ++sum; });
        wg.wait();
        ASSERT_EQ(i + 1, sum);
    }
}

// It may be destroyed as soon as wait() has returned: done() must not touch it after it has let the last one go.
GOROUTINE_TEST(wait_group, destroyed_right_after_wait) {
    for (int i = 0; i < test::sized(2000); i++) {
        auto wg = std::make_unique<wait_group>();
        wg->add(2);
        for (int k = 0; k < 2; k++) gangway::go([w = wg.get()] { w->done(); });
        wg->wait();
        wg.reset();
    }
}

GOROUTINE_TEST(wait_group, go_counts_however_it_ends) {
    wait_group wg;
    wg.go([] {});
    wg.go([] { gangway::goexit(); });
    wg.go([p = std::make_unique<int>(1)] { gangway::gosched(); });
    wg.wait();
}

GOROUTINE_TEST(wait_group, go_that_throws_counts_nothing) {
    struct throws_when_copied {
        throws_when_copied() = default;
        throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }
        void operator()() const {}
    };
    wait_group wg;
    const throws_when_copied f;
    EXPECT_THROW(wg.go(f), std::runtime_error);
    wg.wait();
}

GOROUTINE_TEST(wait_group, below_zero_is_an_error) {
    wait_group wg;
    EXPECT_THROW(wg.done(), std::logic_error);
    wait_group other;
    other.add(1);
    try {
        other.add(-3);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::logic_error& e) {
        EXPECT_NE(std::string::npos, std::string(e.what()).find("wait_group")) << e.what();
        EXPECT_NE(std::string::npos, std::string(e.what()).find("negative")) << e.what();
    }
}

GOROUTINE_TEST(wait_group, done_on_a_foreign_thread) {
    wait_group wg;
    wg.add(4);
    std::thread threads[4];
    for (auto& t : threads) t = std::thread([&] { wg.done(); });
    wg.wait();
    for (auto& t : threads) t.join();
}

TEST(wait_group, off_a_goroutine) {
    wait_group wg;
    EXPECT_NO_THROW(wg.wait());
    wg.add();
    gangway::go([&] { wg.done(); });
    EXPECT_NO_THROW(wg.wait());
    wg.wait();
}

}  // namespace
