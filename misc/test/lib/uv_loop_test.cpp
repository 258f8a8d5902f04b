// SPDX-License-Identifier: BSD-3-Clause
// uv_loop: libuv's loop as an event_loop.
#include <gangway/loop/uv.hpp>

#include "../fixture.hpp"

// As in uv_test.cpp: libuv closes descriptors by syscall(2), which ThreadSanitizer does not see.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
    return "race:libuv.so\n";
}

namespace {

constexpr int all_ticks = 20;

struct ticks {
    gangway::chan<int> channel;
    int sent = 0;
};

void tick(uv_timer_t* t) {
    auto& to = *static_cast<ticks*>(t->data);
    if (to.sent < all_ticks) to.channel.send(to.sent++);  // parks
}

GOROUTINE_TEST(uv_loop, runs_what_is_posted_beside_its_own_events) {
    gangway::uv_loop loop;
    gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
    ticks made;
    uv_timer_t timer;
    loop.run([&] {
        gangway::call<&::uv_timer_init>(loop.get(), &timer);
        timer.data = &made;
        gangway::call<&::uv_timer_start>(&timer, gangway::exported<&tick>, 1U, 1U);
    });
    gangway::task<void> receiver = gangway::spawn([&] {
        for (int i = 0; i < all_ticks; i++) EXPECT_EQ(i, made.channel.recv());
    });
    for (int i = 0; i < 100; i++) EXPECT_EQ(i, loop.run([&] { return i; }));
    receiver.join();
    loop.run([&] { gangway::call<&::uv_timer_stop>(&timer); });
    loop.quit();
    task.join();
}

GOROUTINE_TEST(uv_loop, refuses_what_has_not_run_when_it_ends) {
    gangway::uv_loop loop;
    loop.quit();
    loop.exec();
    EXPECT_THROW(loop.run([] {}), gangway::event_loop_ended);
}

GOROUTINE_TEST(uv_loop, many_callers) {
    gangway::uv_loop loop;
    gangway::pinned_thread t("uv");
    t.post([&] { loop.exec(); });
    gangway::wait_group done;
    int ran = 0;
    for (int c = 0; c < 100; c++) {
        done.go([&] {
            for (int i = 0; i < 20; i++) loop.run([&] { ran++; });
        });
    }
    done.wait();
    EXPECT_EQ(2000, loop.run([&] { return ran; }));
    loop.quit();
}

}  // namespace
