// SPDX-License-Identifier: BSD-3-Clause
// POSIX timers that tell by SIGEV_THREAD: the C library makes a thread for each expiry, and that thread calls back.
#include <atomic>
#include <cerrno>
#include <vector>

#include <csignal>
#include <ctime>

#include "../fixture.hpp"

namespace {

// The C library makes these threads by a way of its own, past the sanitizer's pthread_create, and the first malloc on one
// of them is a fault in any program.
constexpr const char* tsan_has_no_such_threads = "ThreadSanitizer faults on threads that it did not see made";

template <void (*F)(sigval)>
timer_t make_timer(void* data, timespec first, timespec every) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = gangway::exported<F>;
    event.sigev_value.sival_ptr = data;
    timer_t timer{};
    const auto made = gangway::call_errno<&::timer_create>(CLOCK_MONOTONIC, &event, &timer);
    EXPECT_EQ(0, made.value) << made.error;
    const itimerspec when{every, first};
    EXPECT_EQ(0, gangway::call<&::timer_settime>(timer, 0, &when, nullptr));
    return timer;
}
constexpr timespec soon{0, 1'000'000};
constexpr timespec never{0, 0};

struct meeting {
    std::atomic<int> inside{0};
    gangway::chan<int> let_go;
    gangway::wait_group out;
};
void attend(sigval v) {
    auto* m = static_cast<meeting*>(v.sival_ptr);
    const auto me = gangway::goid();
    EXPECT_NE(0U, me);
    m->inside++;
    EXPECT_EQ(std::nullopt, m->let_go.recv());
    EXPECT_EQ(me, gangway::goid());
    m->out.done();
}

// Each expiry's thread waits in its callback until all of them do.
GOROUTINE_TEST(sigev_thread, expiries_wait_for_each_other) {
    if (test::under_tsan) GTEST_SKIP() << tsan_has_no_such_threads;
    constexpr int n = 40;
    meeting m;
    m.out.add(n);
    std::vector<timer_t> timers;
    for (int i = 0; i < n; i++) timers.push_back(make_timer<&attend>(&m, soon, never));
    ASSERT_TRUE(test::yield_until([&] { return m.inside == n; }));
    ASSERT_TRUE(test::until_parked(n, "chan receive"));
    m.let_go.close();
    m.out.wait();
    for (timer_t t : timers) EXPECT_EQ(0, gangway::call<&::timer_delete>(t));
}

// An expiry that was on its way may still come after timer_delete, so what it uses stays for good.
gangway::semaphore expiries(0);
std::atomic<int> under_way{0};
void count(sigval) {
    under_way++;
    gangway::chan<int> c;
    gangway::go([c]() mutable { c.send(1); });
    EXPECT_EQ(1, c.recv());
    expiries.release();
    under_way--;
}

GOROUTINE_TEST(sigev_thread, a_periodic_timer) {
    if (test::under_tsan) GTEST_SKIP() << tsan_has_no_such_threads;
    timer_t timer = make_timer<&count>(nullptr, soon, soon);
    for (int i = 0; i < 30; i++) expiries.acquire();
    EXPECT_EQ(0, gangway::call<&::timer_delete>(timer));
    EXPECT_TRUE(test::yield_until([] { return under_way == 0; }));
}

}  // namespace
