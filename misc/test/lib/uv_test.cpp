// SPDX-License-Identifier: BSD-3-Clause
// libuv: a goroutine is in one call for as long as the loop runs, and what the loop calls is goroutine code. The work of
// uv_queue_work is called on libuv's own threads.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>

#include <uv.h>

#include "../fixture.hpp"

// Libuv closes descriptors by syscall(2), which ThreadSanitizer does not see: the next descriptor of that number, made by
// another thread, looks raced for. A report with a frame of libuv's is about that.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
    return "race:libuv.so\n";
}

namespace {

using function = std::function<void()>;

// Libuv's handles carry one pointer, data: here the function to call.
template <class Handle>
void call_function(Handle* h) {
    (*static_cast<function*>(h->data))();
}
template <class Handle>
constexpr auto calls_function = gangway::exported<&call_function<Handle>>;

class loop {
public:
    loop() { EXPECT_EQ(0, gangway::call<&::uv_loop_init>(&loop_)); }
    ~loop() {
        close_all();
        gangway::call<&::uv_run>(&loop_, UV_RUN_DEFAULT);
        EXPECT_EQ(0, gangway::call<&::uv_loop_close>(&loop_));
    }
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    uv_loop_t* get() { return &loop_; }
    // 0 when nothing is left to wait for.
    int run() { return gangway::call<&::uv_run>(&loop_, UV_RUN_DEFAULT); }
    void stop() { gangway::call<&::uv_stop>(&loop_); }

private:
    void close_all() {
        auto close = [](uv_handle_t* h, void*) {
            if (uv_is_closing(h) == 0) uv_close(h, nullptr);
        };
        gangway::call<&::uv_walk>(&loop_, close, nullptr);
    }
    uv_loop_t loop_;
};

// A handle and its function. The loop must end before it.
template <class Handle>
struct handle_of {
    Handle h{};
    function f;
    explicit handle_of(function does) : f(std::move(does)) { h.data = &f; }
    handle_of(const handle_of&) = delete;
    handle_of& operator=(const handle_of&) = delete;
};
struct timer : handle_of<uv_timer_t> {
    timer(loop& l, std::uint64_t first_ms, std::uint64_t every_ms, function does) : handle_of(std::move(does)) {
        gangway::call([&] {
            uv_timer_init(l.get(), &h);
            uv_timer_start(&h, calls_function<uv_timer_t>, first_ms, every_ms);
        });
    }
};
struct idle : handle_of<uv_idle_t> {
    idle(loop& l, function does) : handle_of(std::move(does)) {
        gangway::call([&] {
            uv_idle_init(l.get(), &h);
            uv_idle_start(&h, calls_function<uv_idle_t>);
        });
    }
};
struct async : handle_of<uv_async_t> {
    async(loop& l, function does) : handle_of(std::move(does)) {
        gangway::call<&::uv_async_init>(l.get(), &h, calls_function<uv_async_t>);
    }
    void send() { gangway::call<&::uv_async_send>(&h); }
};

GOROUTINE_TEST(uv, timers_and_idle_callbacks_that_wait) {
    gangway::chan<int> ticks, go_on;
    auto other = gangway::spawn([=]() mutable {
        for (int tick : ticks) go_on.send(tick);
    });
    int idled = 0, ticked = 0;
    const auto me = gangway::goid();
    auto l = std::make_unique<loop>();
    idle i(*l, [&] {
        idled++;
        gangway::gosched();
    });
    timer t(*l, 1, 1, [&] {
        EXPECT_EQ(me, gangway::goid());
        ticks.send(++ticked);
        EXPECT_EQ(ticked, go_on.recv());
        if (ticked == 10) l->stop();
    });
    EXPECT_NE(0, l->run());  // its handles are active still
    EXPECT_EQ(10, ticked);
    EXPECT_GT(idled, 0);
    l.reset();
    ticks.close();
    other.join();
}

// Goroutines and threads that want the loop's goroutine to do something: a channel, and a call that wakes the loop.
GOROUTINE_TEST(uv, woken_by_other_goroutines) {
    constexpr int n = 20, each = 10;
    gangway::chan<int> jobs(n * each);
    auto l = std::make_unique<loop>();
    int done = 0, sum = 0;
    async wake(*l, [&] {
        std::optional<int> job;
        while (jobs.try_recv(job) && job) {
            sum += *job;
            gangway::gosched();
            if (++done == n * each) l->stop();
        }
    });
    gangway::wait_group all;
    for (int i = 0; i < n; i++) {
        all.go([&] {
            for (int k = 0; k < each; k++) {
                jobs.send(k);
                wake.send();
                gangway::gosched();
            }
        });
    }
    l->run();
    all.wait();
    EXPECT_EQ(n * each, done);
    EXPECT_EQ(n * each * (each - 1) / 2, sum);
    l.reset();
}

// A work function on one of libuv's threads and, when it has returned, another function on the loop's goroutine.
struct work {
    uv_work_t request{};
    function on_thread;
    function after;
};
void do_work(uv_work_t* w) {
    static_cast<work*>(w->data)->on_thread();
}
void after_work(uv_work_t* w, int status) {
    EXPECT_EQ(0, status);
    static_cast<work*>(w->data)->after();
}
void queue(loop& l, work& w) {
    w.request.data = &w;
    EXPECT_EQ(0, gangway::call<&::uv_queue_work>(l.get(), &w.request, gangway::exported<&do_work>,
                                                 gangway::exported<&after_work>));
}

// Libuv reads it when it starts its threads.
constexpr int threads = 4;
const bool has_four_threads = setenv("UV_THREADPOOL_SIZE", "4", 1) == 0;

// Each of the four threads waits in a callback until all four do.
GOROUTINE_TEST(uv, work_waits_on_all_of_its_threads) {
    ASSERT_TRUE(has_four_threads);
    constexpr int rounds = 10;
    const auto me = gangway::goid();
    loop l;
    for (int round = 0; round < rounds; round++) {
        std::atomic<int> inside{0};
        gangway::chan<int> let_go;
        int after = 0;
        std::vector<work> works(threads);
        for (work& w : works) {
            w.on_thread = [&] {
                EXPECT_NE(me, gangway::goid());
                if (++inside == threads) let_go.close();
                EXPECT_EQ(std::nullopt, let_go.recv());
            };
            w.after = [&] {
                EXPECT_EQ(me, gangway::goid());
                gangway::gosched();
                after++;
            };
            queue(l, w);
        }
        EXPECT_EQ(0, l.run());
        EXPECT_EQ(threads, inside);
        EXPECT_EQ(threads, after);
    }
}

// Work whose end queues the next, and which is done by asking a goroutine.
GOROUTINE_TEST(uv, work_after_work) {
    constexpr int n = 100;
    gangway::chan<int> in, out;
    auto adder = gangway::spawn([=]() mutable {
        for (int v : in) out.send(v + 1);
    });
    loop l;
    int value = 0;
    work w;
    w.on_thread = [&] {
        in.send(value);
        value = out.recv().value();
    };
    w.after = [&] {
        if (value < n) queue(l, w);
    };
    queue(l, w);
    EXPECT_EQ(0, l.run());
    EXPECT_EQ(n, value);
    in.close();
    adder.join();
}

GOROUTINE_TEST(uv, a_loop_inside_a_callback_of_another) {
    int inner_ticks = 0;
    auto outer = std::make_unique<loop>();
    timer t(*outer, 0, 0, [&] {
        auto inner = std::make_unique<loop>();
        timer u(*inner, 0, 1, [&] {
            gangway::gosched();
            if (++inner_ticks == 3) inner->stop();
        });
        inner->run();
        inner.reset();
    });
    EXPECT_EQ(0, outer->run());
    EXPECT_EQ(3, inner_ticks);
    outer.reset();
}

GOROUTINE_TEST(uv, many_loops_at_once) {
    constexpr int n = 20;
    std::atomic<int> ticks{0};
    gangway::wait_group all;
    for (int i = 0; i < n; i++) {
        all.go([&] {
            auto l = std::make_unique<loop>();
            int mine = 0;
            timer t(*l, 1, 1, [&] {
                ticks++;
                gangway::gosched();
                if (++mine == 5) l->stop();
            });
            l->run();
            l.reset();
        });
    }
    all.wait();
    EXPECT_EQ(5 * n, ticks);
}

// The loop does not know of it and would go on: so the callback stops it first.
GOROUTINE_TEST(uv, an_exception_out_of_a_timer) {
    auto l = std::make_unique<loop>();
    int ticks = 0;
    timer t(*l, 0, 1, [&] {
        gangway::gosched();
        if (++ticks < 3) return;
        l->stop();
        throw std::runtime_error("tick 3");
    });
    EXPECT_THROW(l->run(), std::runtime_error);
    EXPECT_EQ(3, ticks);
    l.reset();
}

}  // namespace
