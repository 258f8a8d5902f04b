// SPDX-License-Identifier: BSD-3-Clause
// glib_loop: GLib's main loop as an event_loop, and signals of objects.
#include <gangway/loop/glib.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "../fixture.hpp"

namespace {

using namespace std::chrono_literals;

struct context {
    GMainContext* get = g_main_context_new();
    ~context() { g_main_context_unref(get); }
};

void call_function(gpointer f) {
    (*static_cast<std::function<void()>*>(f))();
}

GOROUTINE_TEST(glib_loop, runs_what_is_posted_beside_its_own_events) {
    for (bool default_one : {false, true}) {
        context own;
        gangway::glib_loop loop(default_one ? nullptr : own.get);
        gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
        gangway::chan<int> ticks;
        constexpr int all_ticks = 20;
        int n = 0;
        std::function<void()> tick = [&] {
            if (n < all_ticks) ticks.send(n++);  // parks, in GLib's callback
        };
        GSource* timer = loop.run([&] {
            GSource* s = g_timeout_source_new(1);
            auto fn = [](gpointer f) -> gboolean {
                gangway::detail::enter_goroutine<void>([f] { call_function(f); }, [] {});
                return G_SOURCE_CONTINUE;
            };
            g_source_set_callback(s, fn, &tick, nullptr);
            g_source_attach(s, default_one ? nullptr : own.get);
            return s;
        });
        gangway::task<void> receiver = gangway::spawn([&] {
            for (int i = 0; i < all_ticks; i++) EXPECT_EQ(i, ticks.recv());
        });
        for (int i = 0; i < 100; i++) EXPECT_EQ(i, loop.run([&] { return i; }));
        receiver.join();
        loop.run([&] { g_source_destroy(timer); });
        g_source_unref(timer);
        loop.quit();
        task.join();
    }
}

// As a modal dialog does: what is posted, and what it waits for, runs in the inner loop.
GOROUTINE_TEST(glib_loop, a_nested_main_loop_runs_what_is_posted) {
    context own;
    gangway::glib_loop loop(own.get);
    gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
    GMainLoop* inner = g_main_loop_new(own.get, FALSE);
    loop.post([&] { gangway::call<&::g_main_loop_run>(inner); });
    EXPECT_EQ(5, loop.run([] { return 5; }));
    loop.run([&] { g_main_loop_quit(inner); });
    loop.quit();
    task.join();
    g_main_loop_unref(inner);
}

GOROUTINE_TEST(glib_loop, another_way_to_run_it) {
    GMainLoop* own = g_main_loop_new(nullptr, FALSE);
    gangway::glib_loop loop([&] { g_main_loop_run(own); }, [&] { g_main_loop_quit(own); });
    gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
    EXPECT_EQ(5, loop.run([] { return 5; }));
    loop.quit();
    task.join();
    g_main_loop_unref(own);
}

// An object with a signal of its own.
GObject* new_object_with_signal() {
    static const GType type = [] {
        GType t = g_type_register_static_simple(G_TYPE_OBJECT, "GangwayTestObject", sizeof(GObjectClass), nullptr,
                                                sizeof(GObject), nullptr, GTypeFlags{});
        g_type_class_unref(g_type_class_ref(t));
        g_signal_new("moved", t, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 2, G_TYPE_INT,
                     G_TYPE_DOUBLE);
        return t;
    }();
    return static_cast<GObject*>(g_object_new(type, nullptr));
}

GOROUTINE_TEST(glib_signal, is_waited_for_by_goroutines) {
    context own;
    gangway::glib_loop loop(own.get);
    gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
    GObject* object = loop.run(new_object_with_signal);
    {
        gangway::glib_signal<int, double> moved(loop, object, "moved");
        for (int i = 0; i < 100; i++) {
            loop.post([=] { gangway::call([=] { g_signal_emit_by_name(object, "moved", i, i / 2.0); }); });
        }
        for (int i = 0; i < 100; i++) EXPECT_EQ(std::tuple(i, i / 2.0), moved.wait());
        bool timed_out = false;
        gangway::select(gangway::on_recv(moved.events(), [](auto) {}),
                        gangway::on_timeout(1ms, [&] { timed_out = true; }));
        EXPECT_TRUE(timed_out);
    }
    loop.run([&] { gangway::call([=] { g_signal_emit_by_name(object, "moved", 1, 1.0); }); });  // to nobody
    loop.run([&] { g_object_unref(object); });
    loop.quit();
    task.join();
}

// Its channel is full and nobody receives any more.
GOROUTINE_TEST(glib_signal, ends_while_the_loop_waits_for_it) {
    context own;
    gangway::glib_loop loop(own.get);
    gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
    GObject* object = loop.run(new_object_with_signal);
    {
        gangway::glib_signal<int, double> moved(loop, object, "moved", 1);
        for (int i = 0; i < 3; i++) {
            loop.post([=] { gangway::call([=] { g_signal_emit_by_name(object, "moved", i, 0.0); }); });
        }
        EXPECT_TRUE(test::until_parked(1, "chan send"));
    }
    loop.run([&] { g_object_unref(object); });
    loop.quit();
    task.join();
}

}  // namespace
