// SPDX-License-Identifier: BSD-3-Clause
// SDL's events as an event_loop, a frame at a time where wanted; events to wait for. Needs SDL2.
#pragma once

#include <SDL.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gangway/call.hpp>
#include <gangway/callback.hpp>
#include <gangway/chan.hpp>
#include <gangway/pinned.hpp>

namespace gangway {

// exec() on the thread that has called SDL_Init(SDL_INIT_VIDEO): on many systems the process's first.
class sdl_loop : public event_loop {
public:
    // After SDL_Init. Throws std::runtime_error when SDL has no event type left.
    sdl_loop()
        : event_loop(hooks{[this] { run_loop(); }, [this] { wake(); }, [this] { ending_ = true; }}),
          wake_type_(SDL_RegisterEvents(1)) {
        if (wake_type_ == static_cast<Uint32>(-1))
            throw std::runtime_error("gangway::sdl_loop: SDL_RegisterEvents");
    }

    // f(event) for each event, as goroutine code on the loop's thread. There, or before exec().
    void on_event(std::function<void(const SDL_Event&)> f) { on_event_ = std::move(f); }

    // f() each period, as goroutine code on the loop's thread; what is late is not made up for. There, or before exec().
    void on_frame(std::chrono::nanoseconds period, std::function<void()> f) {
        period_ = period;
        on_frame_ = std::move(f);
        next_frame_ = clock::now();
    }

    // Events of this type, SDL_QUIT say, from now on, as a channel. Where it is full the loop stands still until somebody
    // receives; one that is closed gets no more. On the loop's thread, or before exec().
    chan<SDL_Event> events(Uint32 type, std::size_t capacity = 64) {
        subscribers_.push_back({type, chan<SDL_Event>(capacity)});
        return subscribers_.back().to;
    }

private:
    using clock = std::chrono::steady_clock;
    struct subscriber {
        Uint32 type;
        chan<SDL_Event> to;
    };

    // Any thread. SDL's queue may be full: then its loop is awake, and looks at woken_ after each event.
    void wake() {
        woken_.store(true, std::memory_order_seq_cst);
        SDL_Event event{};
        event.type = wake_type_;
        event.user.data1 = this;  // the program may use that type without having asked for it
        SDL_PushEvent(&event);
    }

    bool is_wake(const SDL_Event& event) const { return event.type == wake_type_ && event.user.data1 == this; }

    // In C, as what follows.
    void run_loop() {
        while (!ending_) {
            SDL_Event event;
            if (SDL_WaitEventTimeout(&event, wait_ms()) != 0 && !is_wake(event)) dispatch(event);
            if (woken_.exchange(false, std::memory_order_seq_cst)) run_posted();
            if (on_frame_ && !ending_ && clock::now() >= next_frame_) frame();
        }
    }

    int wait_ms() const {
        if (!on_frame_) return 1000;
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_frame_ - clock::now()).count();
        return static_cast<int>(std::max<std::int64_t>(left, 0));
    }

    void frame() {
        next_frame_ = std::max(next_frame_ + period_, clock::now());
        detail::enter_goroutine<void>([this] { on_frame_(); }, [this] { ending_ = true; });
    }

    void dispatch(const SDL_Event& event) {
        auto deliver = [&] {
            if (on_event_) on_event_(event);
            std::erase_if(subscribers_, [&](subscriber& s) { return s.type == event.type && !send(s.to, event); });
        };
        detail::enter_goroutine<void>(deliver, [this] { ending_ = true; });
    }

    // False: it is closed.
    static bool send(chan<SDL_Event>& to, const SDL_Event& event) {
        try {
            to.send(event);
            return true;
        } catch (const channel_closed&) {
            return false;
        }
    }

    Uint32 wake_type_;
    std::atomic<bool> woken_{false};
    bool ending_ = false;
    std::function<void(const SDL_Event&)> on_event_;
    std::function<void()> on_frame_;
    std::chrono::nanoseconds period_{0};
    clock::time_point next_frame_;
    std::vector<subscriber> subscribers_;
};

}  // namespace gangway
