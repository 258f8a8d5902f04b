// SPDX-License-Identifier: BSD-3-Clause
// Threads that the runtime did not make: what they call back, and what they may do without a run() anywhere.
#include <array>
#include <atomic>
#include <functional>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "c/callback.h"
#include "c/foreign.h"
#include "fixture.hpp"
#include "runtime/chaos_window.hpp"
#include "scope.hpp"

namespace {

using namespace std::chrono_literals;
using function = std::function<void()>;

// f on each of n threads of C's, as a callback; what is after it waits for all of them.
void on_threads(int n, int times, function f, std::size_t stack_size = 0) {
    gangway::userdata_callback<void(void*), 0> cb(std::move(f));
    gangway::blocking_call<&::on_threads>(n, stack_size, times, cb.fn(), cb.data());
}
void on_a_thread(function f) {
    on_threads(1, 1, std::move(f));
}

gangway::mem_stats stats() {
    return gangway::read_mem_stats();
}

// doAdd, Add: six threads, ten callbacks each, of which each throws and catches.
GOROUTINE_TEST(foreign, Add) {
    gangway::mutex m;
    int sum = 0;
    on_threads(6, 10, [&] {
        try {
            throw std::runtime_error("caught right here");
        } catch (const std::runtime_error&) {
            std::lock_guard lock(m);
            sum++;
        }
    });
    EXPECT_EQ(60, sum);
}

GOROUTINE_TEST(foreign, runs_as_a_goroutine_on_its_own_thread) {
    const auto main_id = gangway::goid();
    on_a_thread([&] {
        const pthread_t self = pthread_self();
        EXPECT_TRUE(gangway::on_goroutine());
        EXPECT_NE(0U, gangway::goid());
        EXPECT_NE(main_id, gangway::goid());
        gangway::gosched();
        gangway::chan<int> c;
        gangway::go([c]() mutable { c.send(1); });
        EXPECT_EQ(1, c.recv());
        EXPECT_NE(0, pthread_equal(self, pthread_self()));
        int64_t there = gangway::call<&::thread_id>();
        EXPECT_EQ(::thread_id(), there);
    });
}

// It waits in the callback for as long as it likes, and calls C that calls back.
GOROUTINE_TEST(foreign, blocks_and_nests) {
    gangway::chan<int> in, out;
    auto echo = gangway::spawn([&] {
        for (int v : in) out.send(v + 1);
    });
    std::atomic<int> sum{0};
    on_threads(8, 20, [&] {
        gangway::userdata_callback<int(void*), 0> inner([&] {
            in.send(1);
            return out.recv().value();
        });
        sum += gangway::call<&::result_of>(inner.fn(), inner.data());
    });
    EXPECT_EQ(2 * 8 * 20, sum);
    in.close();
    echo.join();
}

// EnsureDropM: the second thread has the m that the first gave back.
GOROUTINE_TEST(foreign, EnsureDropM) {
    on_a_thread([] {});
    const auto before = stats();
    std::array<std::uint64_t, 2> m{};
    for (auto& id : m) on_a_thread([&] { id = gangway::mid(); });
    EXPECT_EQ(m[0], m[1]);
    EXPECT_EQ(before.extra_ms, stats().extra_ms);
    EXPECT_EQ(0U, stats().extra_ms_in_use);
    EXPECT_EQ(before.foreign_callbacks + 2, stats().foreign_callbacks);
}

GOROUTINE_TEST(foreign, many_short_threads) {
    const int rounds = test::sized(200, 10), at_once = 100;
    std::atomic<int> called{0};
    const auto before = stats();
    for (int i = 0; i < rounds; i++) on_threads(at_once, 1, [&] { ++called; });
    EXPECT_EQ(rounds * at_once, called);
    const auto after = stats();
    EXPECT_EQ(0U, after.extra_ms_in_use);
    EXPECT_LE(after.extra_ms, before.extra_ms + at_once);
    EXPECT_GT(before.ms + at_once / 2, after.ms) << "they are not counted as the runtime's own";
}

GOROUTINE_TEST(foreign, many_threads_for_long) {
    gangway::chan<int> items(16);
    const int threads = 256, times = test::sized(100, 10);
    auto sum = gangway::spawn([&] {
        int all = 0;
        for (int v : items) all += v;
        return all;
    });
    on_threads(
        threads, times, [&] { items.send(1); }, 128 << 10);
    items.close();
    EXPECT_EQ(threads * times, sum.join());
}

int deep(int n) {
    volatile int here = n;
    return n == 0 ? 0 : deep(here - 1) + 1;
}

// CgoCallbackGC: a hundred goroutines, each with a C thread of a small stack that stops the world in its callback.
TEST(foreign, CgoCallbackGC) {
    gangway::options opts = test::with_ps(test::ps());
    opts.stack_size = 4 << 20;
    test::run_and_check(opts, [] {
        EXPECT_EQ(0U, stats().extra_ms_in_use);
        gangway::wait_group all;
        for (int i = 0; i < test::sized(100, 10); i++) {
            all.go([] {
                on_threads(
                    1, 1,
                    [] {
                        EXPECT_LT(0U, stats().extra_ms_in_use);
                        EXPECT_EQ(10'000, deep(10'000));
                        EXPECT_LT(0U, stats().extra_ms_in_use);
                    },
                    256 << 10);
            });
        }
        all.wait();
        EXPECT_EQ(0U, stats().extra_ms_in_use);
    });
}

// NumGoroutine
GOROUTINE_TEST(foreign, NumGoroutine) {
    const int before = gangway::num_goroutine();
    on_a_thread([&] {
        EXPECT_EQ(before + 1, gangway::num_goroutine());
        EXPECT_NE(std::string::npos, gangway::stacks().find("on_threads")) << gangway::stacks();
    });
    EXPECT_EQ(before, gangway::num_goroutine());
}

GOROUTINE_TEST(foreign, between_callbacks_a_thread_is_no_goroutine) {
    gangway::blocking_call([] {
        std::thread([] {
            gangway::attach_thread();
            EXPECT_EQ(0U, gangway::goid());
            EXPECT_FALSE(gangway::on_goroutine());
            EXPECT_THROW(gangway::lock_os_thread(), std::logic_error);
            EXPECT_EQ(1U, stats().extra_ms_in_use);
            gangway::attach_thread();
            EXPECT_EQ(1U, stats().extra_ms_in_use);
        }).join();
    });
}

GOROUTINE_TEST(foreign, mask_and_signal_stack_stay) {
    gangway::userdata_callback<void(void*), 0> cb([] { gangway::gosched(); });
    EXPECT_TRUE(gangway::blocking_call<&::keeps_mask_and_signal_stack>(cb.fn(), cb.data()));
}

GOROUTINE_TEST(foreign, threads_end_in_every_way) {
    if (test::under_tsan) GTEST_SKIP() << "the sanitizer's own state of a thread ends before its last destructors";
    int called = 0;
    gangway::userdata_callback<void(void*), 0> cb([&] {
        gangway::gosched();
        ++called;
    });
    for (int i = 0; i < 10; i++) {
        called = 0;
        gangway::blocking_call<&::ended_by_pthread_exit>(cb.fn(), cb.data());
        gangway::blocking_call<&::ended_by_cancel>(cb.fn(), cb.data());
        EXPECT_EQ(2, called);
        const int again = gangway::blocking_call<&::in_key_destructors>(cb.fn(), cb.data());
        EXPECT_LT(1, again);
        EXPECT_EQ(2 + 1 + again, called);
        EXPECT_EQ(0U, stats().extra_ms_in_use);
    }
}

// C switches stacks below its callbacks, and calls back from both.
GOROUTINE_TEST(foreign, on_stacks_that_C_switches) {
    static int called;
    called = 0;
    auto body = +[](void*, void (*switch_to_other)(void)) {
        for (int i = 0; i < 5; i++) {
            gangway::userdata_callback<void(void*), 0> cb([] {
                gangway::gosched();
                ++called;
            });
            cb.fn()(cb.data());
            switch_to_other();
        }
    };
    gangway::blocking_call<&::on_switched_stacks>(body, nullptr);
    EXPECT_EQ(10, called);
}

GOROUTINE_TEST(foreign, an_exception_goes_to_the_handler) {
    std::string what;
    std::atomic<int> handled{0};
    gangway::set_callback_exception_handler([&](std::exception_ptr e) {
        EXPECT_TRUE(gangway::on_goroutine());
        gangway::gosched();
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            what = x.what();
        }
        ++handled;
    });
    gangway::userdata_callback<int(void*), 0> throws([]() -> int { throw std::runtime_error("from a thread"); },
                                                     -7);
    EXPECT_EQ(-7, gangway::blocking_call<&::result_on_a_thread>(throws.fn(), throws.data()));
    EXPECT_EQ("from a thread", what);
    EXPECT_EQ(1, handled);
    gangway::userdata_callback<int(void*), 0> ends([]() -> int { gangway::goexit(); }, -8);
    EXPECT_EQ(-8, gangway::blocking_call<&::result_on_a_thread>(ends.fn(), ends.data()));
    EXPECT_EQ(1, handled);
    gangway::set_callback_exception_handler(nullptr);
}

// A thread that handles an exception of its own, and one in flight, calls in: neither is the callback's.
// CgoToGoCallGoexit, which Go calls fatal: here the callback ends, as any other does by it, and the thread goes on.
GOROUTINE_TEST(foreign, CgoToGoCallGoexit) {
    int destroyed = 0;
    int calls = 0;
    gangway::userdata_callback<int(void*), 0> cb(
        [&] {
            test::at_exit_of_scope at_end([&] { destroyed++; });
            if (++calls < 3) gangway::goexit();
            return calls;
        },
        -5);
    for (int expected : {-5, -5, 3}) {
        EXPECT_EQ(expected, gangway::blocking_call<&::result_on_a_thread>(cb.fn(), cb.data()));
    }
    EXPECT_EQ(3, destroyed);
}

GOROUTINE_TEST(foreign, exceptions_of_the_thread_are_not_the_callbacks) {
    gangway::blocking_call([] {
        std::thread([] {
            gangway::userdata_callback<void(void*), 0> cb([] {
                EXPECT_EQ(nullptr, std::current_exception());
                EXPECT_EQ(0, std::uncaught_exceptions());
                gangway::gosched();
            });
            try {
                throw 1;
            } catch (int) {
                cb.fn()(cb.data());
                EXPECT_NE(nullptr, std::current_exception());
            }
        }).join();
    });
}

// From the second callback on: no system call. One may come when the scheduler took the p in between, so of many rounds
// one must be free of them.
GOROUTINE_TEST(foreign, no_system_calls_after_the_first) {
    if (test::under_sanitizer || gangway::runtime::chaos_on) GTEST_SKIP() << "there are others for other reasons";
    gangway::blocking_call([] {
        std::thread([] {
            gangway::userdata_callback<void(void*), 0> cb([] {});
            cb.fn()(cb.data());
            int fewest = 1;
            for (int round = 0; round < 1'000 && fewest > 0; round++)
                fewest = std::min(fewest, ::system_calls_during(cb.fn(), cb.data(), 100));
            if (fewest < 0) GTEST_SKIP() << "this kernel has no syscall user dispatch";
            EXPECT_EQ(0, fewest);
        }).join();
    });
}

// Stops of the world and changes of gomaxprocs while threads come, call in and go.
GOROUTINE_TEST(foreign, beside_stops_of_the_world) {
    std::atomic<bool> over{false};
    auto stops = gangway::spawn([&] {
        for (int i = 1; !over; i++) {
            gangway::gomaxprocs(1 + i % 4);
            stats();
            gangway::gosched();
        }
    });
    std::atomic<int> called{0};
    for (int i = 0; i < test::sized(50, 5); i++) {
        on_threads(8, 50, [&] {
            if (++called % 7 == 0) gangway::gosched();
        });
    }
    over = true;
    stops.join();
    gangway::gomaxprocs(test::ps());
    EXPECT_EQ(test::sized(50, 5) * 8 * 50, called);
}

GOROUTINE_TEST(foreign, goroutine_local_is_the_threads) {
    static gangway::goroutine_local<int> value;
    gangway::blocking_call([] {
        std::thread([] {
            *value = 1;
            gangway::userdata_callback<void(void*), 0> cb([] { ++*value; });
            cb.fn()(cb.data());
            cb.fn()(cb.data());
            EXPECT_EQ(3, *value);
        }).join();
    });
}

// What would park a goroutine does so on a thread too, for the length of the call.
class threads : public ::testing::Test {
protected:
    template <class F>
    static void off_the_runtime(F f) {
        std::thread([&] { f(); }).join();
    }
};

TEST_F(threads, wait_for_channels_and_locks) {
    off_the_runtime([] {
        gangway::chan<int> c, back;
        gangway::go([=]() mutable {
            for (int v : c) back.send(v * 2);
            back.close();
        });
        for (int i = 0; i < 100; i++) {
            c.send(i);
            EXPECT_EQ(2 * i, back.recv());
        }
        c.close();
        EXPECT_EQ(std::nullopt, back.recv());
        EXPECT_THROW(c.send(1), gangway::channel_closed);

        gangway::mutex m;
        gangway::semaphore s(0);
        gangway::wait_group wg;
        gangway::condition_variable cv;
        gangway::shared_mutex rw;
        bool set = false;
        {
            std::unique_lock lock(m);
            rw.lock();
            for (int i = 0; i < 10; i++) {
                wg.go([&] {
                    std::lock_guard inner(m);
                    s.release();
                });
            }
            wg.go([&] {
                gangway::gosched();
                rw.unlock();
                std::lock_guard inner(m);
                set = true;
                cv.notify_all();
            });
            rw.lock_shared();
            rw.unlock_shared();
            cv.wait(lock, [&] { return set; });
        }
        for (int i = 0; i < 10; i++) s.acquire();
        wg.wait();
        EXPECT_FALSE(s.try_acquire_for(1ms));
        gangway::chan<int> five;
        auto joined = gangway::spawn([five]() mutable { return five.recv().value(); });
        five.send(5);
        EXPECT_EQ(5, joined.join());
    });
}

TEST_F(threads, select) {
    off_the_runtime([] {
        gangway::chan<int> a, b;
        gangway::go([=]() mutable { b.send(3); });
        int got = 0;
        EXPECT_EQ(1U, gangway::select(gangway::on_recv(a, [](auto) {}),
                                      gangway::on_recv(b, [&](auto v) { got = v.value(); })));
        EXPECT_EQ(3, got);
        EXPECT_EQ(1U, gangway::select(gangway::on_recv(a, [](auto) {}), gangway::on_timeout(1ms, [] {})));
    });
}

TEST_F(threads, sockets) {
    off_the_runtime([] {
        gangway::tcp_listener listener("127.0.0.1:0");
        auto server = gangway::spawn([&] {
            auto conn = listener.accept();
            std::array<std::byte, 4> buffer{};
            const std::size_t n = conn.read(buffer);
            conn.write(std::span(buffer).first(n));
        });
        auto conn = gangway::tcp_conn::dial("127.0.0.1:" + std::to_string(listener.port()));
        std::array<std::byte, 4> sent{std::byte{1}, std::byte{2}}, back{};
        conn.write(std::span(sent).first(2));
        EXPECT_EQ(2U, conn.read(back));
        EXPECT_EQ(sent, back);
        server.join();
    });
}

// run() on a thread that has been attached before.
TEST_F(threads, run_after_they_were_attached) {
    off_the_runtime([] {
        gangway::attach_thread();
        EXPECT_EQ(3, gangway::run([] { return 3; }));
        gangway::chan<int> c;
        gangway::go([=]() mutable { c.send(4); });
        EXPECT_EQ(4, c.recv());
    });
}

}  // namespace
