// SPDX-License-Identifier: BSD-3-Clause
// Whatever stops the world takes worldsema where it may park: on the goroutine's own stack. One goroutine holds it while
// many others want it, locked to their threads and inside callbacks too. On g0 they would hold their threads and ps until
// the holder, which needs a p, could never go on.
#include <atomic>
#include <functional>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "c/hold.h"
#include "fixture.hpp"
#include "runtime/stoptheworld.hpp"

namespace {

int calls_function(void* f) {
    (*static_cast<std::function<void()>*>(f))();
    return 0;
}

void in_callback(std::function<void()> f) {
    gangway::call<&::outer_in_c>(gangway::exported<&calls_function>, static_cast<void*>(&f));
}

void in_two_callbacks(const std::function<void()>& f) {
    in_callback([&] { in_callback(f); });
}

void locked(const std::function<void()>& f) {
    gangway::os_thread_lock lock;
    f();
}

void plain(const std::function<void()>& f) {
    f();
}

const int null_device = ::open("/dev/null", O_WRONLY | O_CLOEXEC);

const std::vector<std::function<void()>> stoppers = {
    [] { gangway::read_mem_stats(); },
    [] { gangway::stacks(); },
    [] { gangway::write_stacks(null_device); },
    [] { gangway::write_heap_dump(null_device); },
    [] { gangway::gomaxprocs(gangway::gomaxprocs() == 3 ? 4 : 3); },
};

const std::vector<std::function<void(const std::function<void()>&)>> places = {
    plain,
    locked,
    in_callback,
    in_two_callbacks,
    [](const std::function<void()>& f) { locked([&] { in_callback(f); }); },
};

GOROUTINE_TEST(worldsema, held_while_many_want_it) {
    const int ps_before = gangway::gomaxprocs();
    for (int round = 0; round < test::sized(5, 2); round++) {
        gangway::wait_group done;
        int n = 0;
        gangway::runtime::acquire_worldsema();
        for (const auto& place : places) {
            for (const auto& stop : stoppers) {
                done.go([&place, &stop] { place(stop); });
                n++;
            }
        }
        // Each has come to it, and none keeps the p that this goroutine and the others need.
        EXPECT_TRUE(test::yield_until([n] { return test::goroutines_in("stop the world") == n; }))
            << test::goroutines_in("stop the world") << " of " << n;
        std::atomic<bool> others_run = false;
        gangway::go([&] { others_run = true; });
        EXPECT_TRUE(test::yield_until([&] { return others_run.load(); }));
        gangway::runtime::release_worldsema();
        done.wait();
    }
    gangway::gomaxprocs(ps_before);
}

// In C on g0, in no callback, nothing can park: there they wait as a thread does, and others have the p.
GOROUTINE_TEST(worldsema, wanted_in_c) {
    gangway::wait_group done;
    gangway::runtime::acquire_worldsema();
    std::atomic<int> here = 0;
    for (int i = 0; i < 3; i++) {
        done.go([&] {
            gangway::call([&] {
                here++;
                gangway::read_mem_stats();
                gangway::stacks();
            });
        });
    }
    EXPECT_TRUE(test::yield_until([&] { return here.load() == 3; }));
    gangway::runtime::release_worldsema();
    done.wait();
}

// A report that waits in vain for who holds it is made all the same.
GOROUTINE_TEST(worldsema, stacks_in_c_are_had_without_it) {
    gangway::runtime::acquire_worldsema();
    std::string all;
    gangway::call([&] { all = gangway::stacks(); });
    gangway::runtime::release_worldsema();
    EXPECT_NE(std::string::npos, all.find("stacks_in_c_are_had_without_it"));
}

// A goroutine that does not come to the scheduler holds a report up for a moment only, and runs on when it is over.
GOROUTINE_TEST(worldsema, a_report_does_not_wait_for_a_loop) {
    if (test::ps() == 1) GTEST_SKIP() << "needs a p for the loop";
    std::atomic<bool> stop = false, looping = false;
    std::atomic<int> rounds = 0;
    gangway::wait_group done;
    done.go([&] {
        looping = true;
        while (!stop.load()) rounds++;
    });
    EXPECT_TRUE(test::yield_until([&] { return looping.load(); }));
    for (int i = 0; i < test::sized(20, 5); i++) {
        EXPECT_NE(std::string::npos, gangway::stacks().find("a_report_does_not_wait_for_a_loop"));
        const int before = rounds.load();
        EXPECT_TRUE(test::yield_until([&] { return rounds.load() != before; }));
    }
    stop = true;
    done.wait();
    gangway::read_mem_stats();  // and everything stops after it
}

}  // namespace
