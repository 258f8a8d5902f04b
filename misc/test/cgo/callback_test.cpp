// SPDX-License-Identifier: BSD-3-Clause
// The first suite's callbacks: C's frames live on while goroutine code parks, stops the world or throws.
#include "../c/callback.h"

#include <stdexcept>
#include <utility>

#include "../c/basic.h"
#include "../fixture.hpp"
#include "../locked_probe.hpp"

namespace {

// C calls f back, over a frame of 64 KiB that must be intact afterwards.
template <class F>
void call_back(F f) {
    gangway::userdata_callback<void(void*), 0> cb(std::move(f));
    EXPECT_EQ(0, gangway::call<&::callback>(cb.fn(), cb.data()));
}

GOROUTINE_TEST(callback, TestCallback) {
    int ran = 0;
    call_back([&] { ++ran; });
    EXPECT_EQ(1, ran);
    // And from a callback.
    call_back([&] { call_back([&] { ++ran; }); });
    EXPECT_EQ(2, ran);
}

GOROUTINE_TEST(callback, callback_many_times_in_one_call) {
    int ran = 0;
    gangway::userdata_callback<int(void*), 0> cb([&] { return ++ran; });
    const std::uint64_t calls = gangway::num_cgo_call();
    gangway::call([&] {
        for (int i = 0; i < 10'000; i++) cb.fn()(cb.data());
    });
    EXPECT_EQ(10'000, ran);
    EXPECT_EQ(calls + 1, gangway::num_cgo_call());
}

GOROUTINE_TEST(callback, callback_yields_and_parks) {
    gangway::chan<int> ch;
    gangway::go([ch]() mutable {
        for (int v : ch) EXPECT_GE(v, 0);
    });
    const std::uint64_t me = gangway::goid();
    for (int i = 0; i < 100; i++) {
        call_back([&] {
            gangway::gosched();
            EXPECT_EQ(me, gangway::goid());
            ch.send(i);
            gangway::gosched();
            EXPECT_EQ(me, gangway::goid());
        });
    }
    ch.close();
}

GOROUTINE_TEST(callback, callbacks_in_many_goroutines_at_once) {
    const int n = test::sized(200, 4);
    gangway::wait_group all_inside;
    gangway::wait_group done;
    gangway::chan<int> release;
    all_inside.add(n);
    for (int i = 0; i < n; i++) {
        done.go([&, i] {
            call_back([&] {
                const std::uint64_t me = gangway::goid();
                all_inside.done();
                std::optional<int> token = release.recv();
                EXPECT_TRUE(token.has_value());
                EXPECT_EQ(me, gangway::goid());
            });
            EXPECT_LE(0, i);
        });
    }
    all_inside.wait();  // all n have C's frames on n stacks of n threads now
    for (int i = 0; i < n; i++) release.send(i);
    done.wait();
}

GOROUTINE_TEST(callback, TestCallbackGC) {
    const std::uint64_t stops = gangway::read_mem_stats().stops;
    call_back([&] {
        const gangway::mem_stats inside = gangway::read_mem_stats();
        EXPECT_GT(inside.stops, stops);
        call_back([] { gangway::read_mem_stats(); });
    });
}

int no_arguments_ran = 0;
void no_arguments() {
    ++no_arguments_ran;
    EXPECT_EQ(0U, ::stack_misalignment());  // a plain call, so on the goroutine's own stack
}

GOROUTINE_TEST(callback, TestZeroArgCallback) {
    no_arguments_ran = 0;
    gangway::call<&::call_times>(gangway::exported<&no_arguments>, 100);
    EXPECT_EQ(100, no_arguments_ran);
}

GOROUTINE_TEST(callback, TestBlocking) {
    gangway::chan<int> there;
    gangway::chan<int> back;
    gangway::go([there, back]() mutable {
        for (int i = 0; i < 10; i++) {
            EXPECT_EQ(i, there.recv());
            back.send(i);
        }
    });
    call_back([&] {
        for (int i = 0; i < 10; i++) {
            there.send(i);
            EXPECT_EQ(i, back.recv());
        }
    });
}

struct failed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void fails_in_callback(int level) {
    call_back([level] {
        if (level > 0) fails_in_callback(level - 1);
        throw failed("callback panic");
    });
}

GOROUTINE_TEST(callback, TestCallbackPanic) {
    for (int i = 0; i < 10; i++) {  // TestCallbackPanicLoop
        try {
            fails_in_callback(0);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const failed& e) {
            EXPECT_STREQ("callback panic", e.what());
            // It works again inside the handler.
            EXPECT_THROW(fails_in_callback(3), failed);
            int ran = 0;
            call_back([&] { ++ran; });
            EXPECT_EQ(1, ran);
        }
    }
}

GOROUTINE_TEST(callback, TestCallbackPanic_leaves_the_goroutine_unlocked) {
    EXPECT_THROW(fails_in_callback(0), failed);
    EXPECT_TRUE(test::yield_until([] { return !test::has_thread_alone(); }));
}

GOROUTINE_TEST(callback, TestCallbackPanicLocked) {
    gangway::lock_os_thread();
    const std::int64_t thread = gangway::call<&::thread_id>();
    EXPECT_THROW(fails_in_callback(0), failed);
    EXPECT_TRUE(test::has_thread_alone());
    EXPECT_EQ(thread, gangway::call<&::thread_id>());
    gangway::unlock_os_thread();
    EXPECT_TRUE(test::yield_until([] { return !test::has_thread_alone(); }));
}

}  // namespace
