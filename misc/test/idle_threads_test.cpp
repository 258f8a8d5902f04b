// SPDX-License-Identifier: BSD-3-Clause
// Threads without work end after options::idle_thread_ms (J1 to J4 in runtime/newm.hpp), and what ends is made again.
// Many tests run with GANGWAY_IDLE_THREAD_MS=0 as well, the stress test among them: see CMakeLists.txt.
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "c/block.h"
#include "c/callback.h"
#include "fixture.hpp"

namespace {

using namespace std::chrono_literals;

gangway::options with_idle_ms(int ms) {
    gangway::options o = test::with_ps(test::ps());
    o.idle_thread_ms = ms;
    return o;
}

// As the kernel counts them: an entry each in that folder, whose links are its entries and two.
int threads_of_process() {
    struct stat task {};
    return ::stat("/proc/self/task", &task) == 0 ? static_cast<int>(task.st_nlink) - 2 : -1;
}

// n goroutines are in C at once, so there are n threads at least.
void burst(int n) {
    gate* g = ::gate_new();
    gangway::wait_group done;
    for (int i = 0; i < n; i++) done.go([=] { gangway::blocking_call<&::gate_meet>(g, n); });
    done.wait();
    ::gate_free(g);
}

TEST(idle_threads, end_after_a_burst_of_calls_that_block) {
    constexpr int n = 50;
    // The thread in run(), the one that runs the test, one or two that look for work; the monitor, TSan's own.
    constexpr int few = 8;
    test::run_and_check(with_idle_ms(20), [&] {
        for (int round = 1; round <= 3; round++) {
            burst(n);
            EXPECT_TRUE(test::yield_until([] { return threads_of_process() <= few; })) << threads_of_process();
            EXPECT_LE(gangway::num_thread(), few);
            const gangway::mem_stats s = gangway::read_mem_stats();
            EXPECT_LE(s.ms, static_cast<std::uint64_t>(few));
            EXPECT_GE(s.ms_ended, static_cast<std::uint64_t>((n - few) * round));
        }
    });
}

// J2: with as many threads allowed as are needed, one that is about to end does not count beside its successor.
TEST(idle_threads, that_end_make_room_below_the_limit_of_threads) {
    constexpr int n = 8;
    for (int ms : {0, 1}) {
        gangway::options o = with_idle_ms(ms);
        o.max_threads =
            4 * n + test::ps() + 3;  // in C; on their way to sleep, or to their end; with a p; in run()
        test::run_and_check(o, [&] {
            for (int i = 0; i < test::sized(300); i++) burst(n);
        });
    }
    gangway::run(test::with_ps(test::ps()), [] {});
}

// Where all goroutines sleep the ms end; what comes next has to make them anew.
TEST(idle_threads, end_and_are_wanted_at_the_same_time) {
    for (int ms : {0, 1}) {
        test::run_and_check(with_idle_ms(ms), [] {
            std::atomic<int> rounds{0};
            const std::uint64_t ended = gangway::read_mem_stats().ms_ended;
            gangway::wait_group done;
            constexpr int goroutines = 8;
            const int n = test::sized(200);
            for (int k = 0; k < goroutines; k++) {
                done.go([&, k] {
                    gangway::userdata_callback<int(void*), 0> cb([&] {
                        gangway::sleep_for(std::chrono::microseconds(100 * k));
                        return k;
                    });
                    for (int i = 0; i < n; i++) {
                        gangway::sleep_for(std::chrono::microseconds(i % 4 * 500));
                        gangway::blocking_call([] {});
                        EXPECT_EQ(k, gangway::call<&::result_of>(cb.fn(), cb.data()));
                        gangway::os_thread_lock locked;
                        gangway::gosched();
                        ++rounds;
                    }
                });
            }
            for (int i = 0; rounds < goroutines * n; i++) {
                if (i % 4 == 0) gangway::gomaxprocs(1 + i / 4 % 8);
                if (i % 4 == 1) {
                    const gangway::mem_stats s = gangway::read_mem_stats();
                    EXPECT_LE(s.ms_idle + s.ms_idle_locked, s.ms);
                }
                if (i % 4 == 2) {
                    EXPECT_FALSE(gangway::stacks().empty());
                }
                gangway::sleep_for(1ms);
            }
            done.wait();
            EXPECT_EQ(goroutines * n, rounds);
            EXPECT_GT(gangway::read_mem_stats().ms_ended, ended);
            gangway::gomaxprocs(test::ps());
        });
    }
}

// The last: those that it leaves do not end before their time, whatever the next run() asks for.
TEST(idle_threads, are_kept_for_as_long_as_is_asked_for) {
    constexpr int n = 20;
    test::run_and_check(with_idle_ms(1'000'000'000), [&] {
        const std::uint64_t ended = gangway::read_mem_stats().ms_ended;
        burst(n);
        gangway::sleep_for(50ms);
        // Some that idled before this run began may end yet: not those that the burst has left.
        EXPECT_LT(gangway::read_mem_stats().ms_ended, ended + n / 2);
        for (int i = 0; i < 10; i++) burst(n);
        EXPECT_LT(gangway::read_mem_stats().ms_ended, ended + n / 2);
        EXPECT_GE(gangway::num_thread(), n);
    });
}

}  // namespace
