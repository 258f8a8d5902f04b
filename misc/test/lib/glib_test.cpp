// SPDX-License-Identifier: BSD-3-Clause
// GLib: its thread pool and its main loop call goroutine code.
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

#include <glib.h>

#include "../fixture.hpp"
#include "handover.hpp"

// GLib's threads wait for each other by futexes, which ThreadSanitizer does not see, so the memory that they pass to each
// other looks raced for. A report with a frame of GLib's is about that; those about goroutine code have none, as its stacks
// are others.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
    return "race:libglib-2.0.so\n";
}

namespace {

// A pool of GLib's threads, each of which calls f with the number it was given.
class pool {
public:
    pool(int threads, std::function<void(int)> f)
        : f_(std::move(f)),
          pool_(gangway::call<&::g_thread_pool_new>(gangway::exported<&run>, this, threads, gboolean{TRUE},
                                                    nullptr)) {
        EXPECT_NE(nullptr, pool_);
    }
    // Waits for all that was pushed.
    ~pool() {
        gangway::blocking_call<&::g_thread_pool_free>(pool_, gboolean{FALSE}, gboolean{TRUE});
        test::handover();
    }
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    // Not 0, which GLib takes for the end.
    void push(int number) {
        test::handover();
        EXPECT_TRUE(gangway::call<&::g_thread_pool_push>(pool_, GINT_TO_POINTER(number), nullptr));
    }

private:
    static void run(gpointer number, gpointer self) {
        test::handover();
        test::handover_at_end at_end;
        static_cast<pool*>(self)->f_(GPOINTER_TO_INT(number));
    }

    std::function<void(int)> f_;
    GThreadPool* pool_;
};

GOROUTINE_TEST(glib, all_threads_of_a_pool_wait_at_once) {
    constexpr int threads = 16;
    std::atomic<int> inside{0};
    gangway::chan<int> let_go;
    {
        pool p(threads, [&](int) {
            if (++inside == threads) let_go.close();
            EXPECT_EQ(std::nullopt, let_go.recv());
        });
        for (int i = 1; i <= threads; i++) p.push(i);
    }
    EXPECT_EQ(threads, inside);
}

// More work than threads, pushed by goroutines, and the results come by a channel.
GOROUTINE_TEST(glib, a_pool_between_goroutines) {
    constexpr int n = 200;
    gangway::chan<int> results;
    pool p(4, [&](int number) { results.send(number); });
    for (int i = 0; i < 10; i++) {
        gangway::go([&p, i] {
            for (int k = 1; k <= n / 10; k++) p.push(i * n / 10 + k);
        });
    }
    std::vector<bool> seen(n + 1);
    for (int i = 0; i < n; i++) {
        const int number = results.recv().value();
        EXPECT_FALSE(seen.at(static_cast<std::size_t>(number)));
        seen.at(static_cast<std::size_t>(number)) = true;
    }
}

// Work that pushes work.
GOROUTINE_TEST(glib, a_pool_that_feeds_itself) {
    gangway::chan<int> ended;
    pool* self = nullptr;
    pool p(2, [&](int number) {
        if (number > 1) {
            self->push(number - 1);
        } else {
            ended.close();
        }
    });
    self = &p;
    p.push(100);
    EXPECT_EQ(std::nullopt, ended.recv());
}

GOROUTINE_TEST(glib, an_exception_on_a_thread_of_the_pool) {
    gangway::chan<std::string> seen(1);
    gangway::set_callback_exception_handler([&](std::exception_ptr e) {
        try {
            std::rethrow_exception(std::move(e));
        } catch (const std::runtime_error& error) {
            seen.send(error.what());
        }
    });
    std::atomic<int> done{0};
    {
        pool p(1, [&](int number) {
            gangway::gosched();
            if (number == 2) throw std::runtime_error("number 2");
            done++;
        });
        for (int i = 1; i <= 3; i++) p.push(i);
        EXPECT_EQ("number 2", seen.recv());
    }
    gangway::set_callback_exception_handler(nullptr);
    EXPECT_EQ(2, done);
}

// A main loop in one call. Its sources are goroutine code, and other goroutines add more while it runs.
class main_loop {
public:
    main_loop() {
        gangway::call([this] {
            context_ = g_main_context_new();
            loop_ = g_main_loop_new(context_, FALSE);
        });
    }
    ~main_loop() {
        gangway::call([this] {
            g_main_loop_unref(loop_);
            g_main_context_unref(context_);
        });
    }
    main_loop(const main_loop&) = delete;
    main_loop& operator=(const main_loop&) = delete;

    void run() { gangway::call<&::g_main_loop_run>(loop_); }
    void quit() { gangway::call<&::g_main_loop_quit>(loop_); }
    // f() by the loop; again as long as it returns true.
    void add(std::function<bool()> f) { attach(&::g_idle_source_new, std::move(f)); }
    void every_ms(unsigned ms, std::function<bool()> f) {
        attach([ms] { return g_timeout_source_new(ms); }, std::move(f));
    }

private:
    // The function lives until GLib says that it needs it no more.
    template <class MakeSource>
    void attach(MakeSource make, std::function<bool()> f) {
        const gangway::handle h = gangway::handle::make(std::move(f));
        gangway::call([&] {
            GSource* source = make();
            g_source_set_callback(source, gangway::exported<&again>, h.pointer(), gangway::exported<&forget>);
            g_source_attach(source, context_);
            g_source_unref(source);
        });
    }
    static gboolean again(gpointer data) {
        return gangway::handle::from(data).value<std::function<bool()>>()() ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    }
    static void forget(gpointer data) { gangway::handle::from(data).release(); }

    GMainContext* context_ = nullptr;
    GMainLoop* loop_ = nullptr;
};

GOROUTINE_TEST(glib, a_main_loop) {
    gangway::chan<int> ticks;
    main_loop loop;
    int ticked = 0;
    loop.every_ms(1, [&] {
        ticks.send(++ticked);
        return true;
    });
    auto others = gangway::spawn([&] {
        int from_others = 0;
        gangway::chan<int> done;
        for (int i = 0; i < 10; i++) {
            ticks.recv();
            loop.add([&] {
                gangway::gosched();
                from_others++;
                if (from_others == 10) loop.quit();
                return false;
            });
        }
        for (std::optional<int> tick; (tick = ticks.recv());) {
        }
        return from_others;
    });
    loop.run();
    ticks.close();
    EXPECT_EQ(10, others.join());
    EXPECT_GE(ticked, 10);
}

}  // namespace
