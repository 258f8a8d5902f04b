// SPDX-License-Identifier: BSD-3-Clause
// To a thread that a library insists on, and back: pinned_thread and event_loop, and what people write without them.
#include <gangway/loop/poll.hpp>
#include <gangway/pinned.hpp>
#include <gangway/sync.hpp>
#include <gangway/task.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

// The caller comes again at once: the thread has not gone to sleep.
void pinned_run(State& state) {
    bench::in_goroutine(state, 2, [&] {
        gangway::pinned_thread thread;
        std::int64_t ran = 0;
        for (auto _ : state) thread.run([&] { ++ran; });
        bench::expect(state, ran == state.iterations(), "not every function ran");
    });
}

// The caller lets time pass, and its own p busy, before each.
void pinned_run_asleep(State& state) {
    bench::in_goroutine(state, 2, [&] {
        gangway::pinned_thread thread;
        std::int64_t ran = 0;
        for (auto _ : state) bench::timed_after_a_while(state, [&] { thread.run([&] { ++ran; }); });
        bench::expect(state, ran == state.iterations(), "not every function ran");
    });
}

// With one p the thread and the caller take it from each other.
void pinned_run_one_p(State& state) {
    bench::in_goroutine(state, 1, [&] {
        gangway::pinned_thread thread;
        std::int64_t ran = 0;
        for (auto _ : state) thread.run([&] { ++ran; });
        bench::expect(state, ran == state.iterations(), "not every function ran");
    });
}

template <class Loop>
void in_loop(State& state, Loop&& body) {
    bench::in_goroutine(state, 2, [&] {
        gangway::poll_loop loop;
        gangway::task<void> exec = gangway::spawn([&] { loop.exec(); });
        loop.run([] {});
        body(loop);
        loop.quit();
        exec.join();
    });
}

void event_loop_run(State& state) {
    in_loop(state, [&](gangway::poll_loop& loop) {
        std::int64_t ran = 0;
        for (auto _ : state) loop.run([&] { ++ran; });
        bench::expect(state, ran == state.iterations(), "not every function ran");
    });
}

void event_loop_run_asleep(State& state) {
    in_loop(state, [&](gangway::poll_loop& loop) {
        std::int64_t ran = 0;
        for (auto _ : state) bench::timed_after_a_while(state, [&] { loop.run([&] { ++ran; }); });
        bench::expect(state, ran == state.iterations(), "not every function ran");
    });
}

void event_loop_post(State& state) {
    in_loop(state, [&](gangway::poll_loop& loop) {
        std::int64_t ran = 0;
        for (auto _ : state) loop.post([&] { ++ran; });
        loop.run([] {});
        bench::expect(state, ran == state.iterations(), "not every function ran");
    });
}

// Not inlined, for the reason that switching.cpp has.
[[gnu::noinline]] void yield_on(std::int64_t& left, std::int64_t& made) {
    while (left > 0) {
        --left;
        ++made;
        gangway::gosched();
    }
}

// The switch of switch_gosched, between two goroutines of one thread.
void switch_gosched_bound(State& state) {
    bench::in_goroutine(state, 1, [&] {
        gangway::pinned_thread thread;
        std::int64_t left = 0, made = 0;
        bool started = false;
        gangway::wait_group other;
        other.add();
        thread.go([&] {
            while (!started) gangway::gosched();
            yield_on(left, made);
            other.done();
        });
        thread.run([&] {
            while (state.KeepRunningBatch(bench::operations(state))) {
                left = bench::operations(state);
                started = true;
                yield_on(left, made);
            }
        });
        other.wait();
        bench::expect(state, made == state.iterations(), "the yields do not add up");
    });
}

// What is written by hand: a thread with a queue, and a caller that sleeps until it is told.
void floor_thread_queue(State& state) {
    std::mutex lock;
    std::condition_variable changed;
    std::queue<std::function<void()>> calls;
    bool over = false;
    std::thread thread([&] {
        std::unique_lock held(lock);
        for (;;) {
            changed.wait(held, [&] { return over || !calls.empty(); });
            if (calls.empty()) return;
            auto f = std::move(calls.front());
            calls.pop();
            held.unlock();
            f();
            held.lock();
        }
    });
    std::int64_t ran = 0;
    for (auto _ : state) {
        std::mutex done_lock;
        std::condition_variable done_changed;
        bool done = false;
        {
            std::lock_guard held(lock);
            calls.push([&] {
                ++ran;
                std::lock_guard done_held(done_lock);
                done = true;
                done_changed.notify_one();
            });
        }
        changed.notify_one();
        std::unique_lock done_held(done_lock);
        done_changed.wait(done_held, [&] { return done; });
    }
    {
        std::lock_guard held(lock);
        over = true;
    }
    changed.notify_one();
    thread.join();
    bench::expect(state, ran == state.iterations(), "not every function ran");
}

}  // namespace

void bench::add_pinned() {
    add("pinned_run", &pinned_run);
    add_timed_by_itself("pinned_run_asleep", &pinned_run_asleep);
    add("pinned_run_one_p", &pinned_run_one_p);
    add("event_loop_run", &event_loop_run);
    add_timed_by_itself("event_loop_run_asleep", &event_loop_run_asleep);
    add("event_loop_post", &event_loop_post);
    add("switch_gosched_bound", &switch_gosched_bound);
    add("floor_thread_queue", &floor_thread_queue);
}
