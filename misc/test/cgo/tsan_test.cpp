// SPDX-License-Identifier: BSD-3-Clause
// The cases of the thread sanitizer's suite: each is a race for TSan to report if a call, a park or a callback did not
// order what comes before it with what comes after. Without TSan the values are still checked.
#include <atomic>
#include <cstdint>

#include "../c/callback.h"
#include "../c/pointers.h"
#include "../fixture.hpp"

namespace {

// tsan3: goroutines whose call frames use the same place on g0 one after the other.
GOROUTINE_TEST(tsan, tsan3_call_frames_on_the_same_g0) {
    const int each = test::sized(10'000);
    std::atomic<std::int64_t> sum{0};
    gangway::wait_group done;
    for (int i = 0; i < each; i++) {
        done.go([&, i] { sum += gangway::call<&::atol>(std::to_string(i).c_str()); });
        done.go([&] {
            std::int64_t value = 0;
            gangway::call<&::store>(&value, std::int64_t{1});
            sum += value;
        });
    }
    done.wait();
    EXPECT_EQ(std::int64_t{each} * (each - 1) / 2 + each, sum);
}

// tsan4: memory from one call is freed in another, maybe on another thread.
GOROUTINE_TEST(tsan, tsan4_allocate_yield_release) {
    const int each = test::sized(1000);
    gangway::wait_group done;
    for (int i = 0; i < each; i++) {
        done.go([i] {
            void* p = gangway::call<&::allocate>(std::int64_t{i});
            gangway::gosched();
            EXPECT_EQ(i, gangway::call<&::release>(p));
        });
    }
    done.wait();
}

// tsan6: C writes to memory that came through a channel.
GOROUTINE_TEST(tsan, tsan6_c_writes_what_a_channel_handed_over) {
    gangway::chan<std::int64_t*> there;
    gangway::chan<std::int64_t*> back;
    auto writer = gangway::spawn([there, back]() mutable {
        for (std::int64_t* p : there) {
            gangway::call<&::store>(p, *p + 1);
            back.send(p);
        }
    });
    for (int i = 0; i < 1000; i++) {
        std::int64_t value = i;
        there.send(&value);
        EXPECT_EQ(&value, back.recv());
        EXPECT_EQ(i + 1, value);
    }
    there.close();
    writer.join();
}

// tsan2: the callback locks its thread and waits for another goroutine, locked too, that writes what the C frame
// outside reads.
GOROUTINE_TEST(tsan, tsan2_locks_inside_callbacks) {
    std::int64_t written = 0;
    gangway::userdata_callback<int(void*), 0> cb([&] {
        gangway::os_thread_lock locked;
        gangway::chan<bool> done;
        gangway::go([&written, done]() mutable {
            gangway::os_thread_lock locked_too;
            gangway::call<&::store>(&written, std::int64_t{2});
            done.send(true);
        });
        done.recv();
        return 0;
    });
    EXPECT_EQ(2, gangway::call([&] { return cb.fn()(cb.data()) + written; }));
}

}  // namespace
