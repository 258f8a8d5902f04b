// SPDX-License-Identifier: BSD-3-Clause
// libuv's loop as an event_loop. Needs libuv.
#pragma once

#include <stdexcept>
#include <string>
#include <uv.h>

#include <gangway/call.hpp>
#include <gangway/pinned.hpp>

namespace gangway {

namespace detail {
// What uv_loop has to have before its event_loop.
class uv_loop_state {
public:
    uv_loop_state() { check(uv_loop_init(&own_), "uv_loop_init"); }
    // Handles that are still there are closed, with no callback of the user's.
    ~uv_loop_state() {
        auto close = [](uv_handle_t* h, void*) {
            if (uv_is_closing(h) == 0) uv_close(h, nullptr);
        };
        call([&] {
            uv_walk(&own_, close, nullptr);
            while (uv_run(&own_, UV_RUN_DEFAULT) != 0) {
            }
            uv_loop_close(&own_);
        });
    }
    uv_loop_state(const uv_loop_state&) = delete;
    uv_loop_state& operator=(const uv_loop_state&) = delete;

protected:
    static void check(int result, const char* what) {
        if (result < 0)
            throw std::runtime_error(std::string("gangway::uv_loop: ") + what + ": " + uv_strerror(result));
    }
    uv_loop_t own_;
    uv_async_t wake_;
};
}  // namespace detail

// Its handles may be used on the thread of exec() only: in callbacks of libuv's, and in what run() and post() are given.
class uv_loop : private detail::uv_loop_state, public event_loop {
public:
    // Any thread. Throws std::runtime_error with libuv's words.
    uv_loop()
        : event_loop(hooks{[this] { uv_run(&own_, UV_RUN_DEFAULT); }, [this] { uv_async_send(&wake_); },
                           [this] { uv_stop(&own_); }}) {
        check(uv_async_init(&own_, &wake_, [](uv_async_t* h) { static_cast<uv_loop*>(h->data)->run_posted(); }),
              "uv_async_init");
        wake_.data = this;
    }

    // For libuv's functions.
    uv_loop_t* get() { return &own_; }
};

}  // namespace gangway
