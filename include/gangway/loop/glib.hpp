// SPDX-License-Identifier: BSD-3-Clause
// GLib's main loop as an event_loop, for GTK 3 and 4 and whatever else lives in a GMainContext; signals to wait for.
// Needs glib-2.0 and gobject-2.0.
#pragma once

#include <cstddef>
#include <functional>
#include <glib-object.h>
#include <glib.h>
#include <memory>
#include <new>
#include <optional>
#include <tuple>
#include <utility>

#include <gangway/call.hpp>
#include <gangway/callback.hpp>
#include <gangway/chan.hpp>
#include <gangway/pinned.hpp>

namespace gangway {

namespace detail {
// A source that is ready when somebody has asked for it. Its ready time may be set by any thread, and wakes the context.
class glib_wake {
public:
    explicit glib_wake(GMainContext* context, event_loop* loop) {
        source_ = g_source_new(&functions, sizeof(source));
        reinterpret_cast<source*>(source_)->loop = loop;
        g_source_set_can_recurse(source_, TRUE);  // in a nested loop too
        g_source_attach(source_, context);
    }
    ~glib_wake() {
        g_source_destroy(source_);
        g_source_unref(source_);
    }
    glib_wake(const glib_wake&) = delete;
    glib_wake& operator=(const glib_wake&) = delete;

    void wake() { g_source_set_ready_time(source_, 0); }

private:
    struct source {
        GSource base;
        event_loop* loop;
    };
    static gboolean dispatch(GSource* s, GSourceFunc, gpointer) {
        g_source_set_ready_time(s, -1);  // before: what is posted from here on asks again
        reinterpret_cast<source*>(s)->loop->run_posted();
        return G_SOURCE_CONTINUE;
    }
    static inline GSourceFuncs functions{nullptr, nullptr, &dispatch, nullptr, nullptr, nullptr};
    GSource* source_;
};
}  // namespace detail

class glib_loop : public event_loop {
public:
    // Of this context; null: the default one, which GTK has. Any thread.
    explicit glib_loop(GMainContext* context = nullptr) : glib_loop(context, g_main_loop_new(context, FALSE)) {}

    // Of the default context, with another way to run and to end it: g_application_run, gtk_main ... Any thread.
    glib_loop(std::function<void()> run_it, std::function<void()> quit_it)
        : event_loop(hooks{std::move(run_it), [this] { wake_.wake(); }, std::move(quit_it)}),
          wake_(nullptr, this) {}

    ~glib_loop() {
        if (loop_ != nullptr) g_main_loop_unref(loop_);
    }

private:
    glib_loop(GMainContext* context, GMainLoop* loop)
        : event_loop(hooks{[context, loop] { run_loop(context, loop); }, [this] { wake_.wake(); },
                           [loop] { g_main_loop_quit(loop); }}),
          wake_(context, this),
          loop_(loop) {}

    static void run_loop(GMainContext* context, GMainLoop* loop) {
        if (context != nullptr) g_main_context_push_thread_default(context);
        g_main_loop_run(loop);
        if (context != nullptr) g_main_context_pop_thread_default(context);
    }

    detail::glib_wake wake_;
    GMainLoop* loop_ = nullptr;
};

// A signal of an object, as a channel of its arguments: those that C's handler has between the instance and the data,
// by the types that it has for them. The signal's handlers return nothing. What an argument points to may be gone when it
// is received: take strings and references by copies of your own.
//
//   glib_signal<> clicked(loop, button, "clicked");
//   clicked.wait();
template <class... A>
class glib_signal {
public:
    using arguments = std::tuple<A...>;

    // Connects, on the loop's thread. Where the channel is full the loop stands still until somebody receives. Any thread;
    // parks. Throws event_loop_ended.
    glib_signal(event_loop& loop, gpointer instance, const char* name, std::size_t capacity = 64)
        : loop_(loop), instance_(instance), events_(capacity) {
        loop_.run([&] {
            auto* data = new chan<arguments>(events_);
            id_ = call([&] {
                return g_signal_connect_data(instance, name, reinterpret_cast<GCallback>(&emitted), data, &forget,
                                             GConnectFlags{});
            });
        });
    }
    // Disconnects, and closes the channel. Parks. The instance, or the loop, must be there yet.
    ~glib_signal() {
        try {
            events_.close();
            loop_.run([&] { call([&] { g_signal_handler_disconnect(instance_, id_); }); });
        } catch (const std::logic_error&) {  // somebody has closed it
        } catch (const event_loop_ended&) {
        }
    }
    glib_signal(const glib_signal&) = delete;
    glib_signal& operator=(const glib_signal&) = delete;

    // The next one. Parks.
    std::optional<arguments> wait() { return events_.recv(); }
    // For select(), and to range over.
    chan<arguments> events() const { return events_; }

private:
    static void emitted(gpointer, A... arguments_of_it, gpointer data) {
        auto send = [&] {
            try {
                static_cast<chan<arguments>*>(data)->send(arguments(arguments_of_it...));
            } catch (const channel_closed&) {
            }
        };
        detail::enter_goroutine<void>(send, [] {});
    }
    static void forget(gpointer data, GClosure*) { delete static_cast<chan<arguments>*>(data); }

    event_loop& loop_;
    gpointer instance_;
    chan<arguments> events_;
    gulong id_ = 0;
};

}  // namespace gangway
