// SPDX-License-Identifier: BSD-3-Clause
// sdl_loop: SDL's events as an event_loop. No display is needed: SDL's dummy driver.
#include <gangway/loop/sdl2.hpp>

#include <chrono>
#include <cstdlib>

#include "../fixture.hpp"

namespace {

using namespace std::chrono_literals;

// SDL wants to be started, used and ended on one thread, which is its main one.
class sdl {
public:
    sdl() {
        setenv("SDL_VIDEODRIVER", "dummy", 1);
        thread_.run([&] { gangway::call([&] { EXPECT_EQ(0, SDL_Init(SDL_INIT_VIDEO)) << SDL_GetError(); }); });
    }
    ~sdl() {
        thread_.run([] { gangway::call<&::SDL_Quit>(); });
    }
    gangway::pinned_thread& thread() { return thread_; }

private:
    gangway::pinned_thread thread_{"sdl"};
};

Uint32 push(Uint32 type, Sint32 code) {
    SDL_Event e{};
    e.type = type;
    e.user.code = code;
    return static_cast<Uint32>(SDL_PushEvent(&e));
}

GOROUTINE_TEST(sdl_loop, runs_what_is_posted_beside_events) {
    sdl s;
    gangway::sdl_loop loop;
    gangway::wait_group ended;
    ended.add();
    gangway::chan<SDL_Event> events = loop.events(SDL_USEREVENT);
    s.thread().post([&] {
        loop.exec();
        ended.done();
    });
    for (int i = 0; i < 100; i++) {
        EXPECT_EQ(1U, push(SDL_USEREVENT, i));
        EXPECT_EQ(i, events.recv()->user.code);
        EXPECT_EQ(i, loop.run([&] {
            EXPECT_TRUE(s.thread().is_here());
            return i;
        }));
    }
    loop.quit();
    ended.wait();
}

GOROUTINE_TEST(sdl_loop, calls_for_events_and_frames) {
    sdl s;
    gangway::sdl_loop loop;
    int frames = 0;
    gangway::chan<Uint32> seen;
    gangway::wait_group ended;
    ended.add();
    loop.on_event([&](const SDL_Event& e) {
        if (e.type >= SDL_USEREVENT) seen.send(e.type);  // parks
    });
    loop.on_frame(1ms, [&] {
        if (++frames == 10) push(SDL_USEREVENT + 1, 0);
    });
    s.thread().post([&] {
        loop.exec();
        ended.done();
    });
    Uint32 first = 0;
    while (first != SDL_USEREVENT + 1) first = *seen.recv();
    EXPECT_LE(10, loop.run([&] { return frames; }));
    loop.quit();
    ended.wait();
}

// SDL's own queue takes no more: what is posted runs all the same.
GOROUTINE_TEST(sdl_loop, survives_a_full_queue) {
    sdl s;
    gangway::sdl_loop loop;
    gangway::wait_group ended;
    ended.add();
    while (push(SDL_USEREVENT, 0) == 1U) {
    }
    s.thread().post([&] {
        loop.exec();
        ended.done();
    });
    EXPECT_EQ(1, loop.run([] { return 1; }));
    loop.quit();
    ended.wait();
}

GOROUTINE_TEST(sdl_loop, a_closed_channel_gets_no_more) {
    sdl s;
    gangway::sdl_loop loop;
    gangway::chan<SDL_Event> events = loop.events(SDL_USEREVENT);
    gangway::wait_group ended;
    ended.add();
    s.thread().post([&] {
        loop.exec();
        ended.done();
    });
    events.close();
    for (int i = 0; i < 10; i++) push(SDL_USEREVENT, i);
    EXPECT_EQ(1, loop.run([] { return 1; }));
    loop.quit();
    ended.wait();
}

}  // namespace
