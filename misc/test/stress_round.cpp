// SPDX-License-Identifier: BSD-3-Clause
// A round and the things that its goroutines do. Each thing leaves a trace in a sum that the round's end knows.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

#include <gangway/gangway.hpp>

#include "c/basic.h"
#include "c/callback.h"
#include "c/nested.h"
#include "counted.hpp"
#include "sizes.hpp"
#include "stress.hpp"

namespace stress {
namespace {

// Of the whole process: what num_cgo_call() and mem_stats.callbacks must say.
std::atomic<std::uint64_t> calls_made{0};
std::atomic<std::uint64_t> callbacks_made{0};

struct guarded_counter {
    gangway::mutex m;
    std::int64_t count = 0;  // under m, and no atomic
    std::atomic<std::int64_t> expected{0};
};

// What the goroutines of one round share.
struct common {
    explicit common(random& choose)
        : values(static_cast<std::size_t>(choose.one_in(2) ? 0 : choose.between(1, 64))) {}
    std::array<guarded_counter, 4> counters;
    gangway::chan<std::int64_t> values;
    std::atomic<std::int64_t> sent{0};
    std::atomic<std::int64_t> received{0};
    gangway::wait_group detached;
};

// A goroutine's choices. `depth` bounds how far its actions nest.
class actor {
public:
    actor(common& with, std::uint64_t seed, int depth) : with_(with), choose_(seed), depth_(depth) {}

    void act(int times) {
        for (int i = 0; i < times; i++) act();
    }

private:
    void act() {
        using action = void (actor::*)();
        // What nests stands at the end, and is left out where it has nested enough.
        static constexpr action all[] = {
            &actor::yield,
            &actor::yield,
            &actor::count,
            &actor::count,
            &actor::send,
            &actor::send,
            &actor::call,
            &actor::call,
            &actor::call_errno,
            &actor::leaf_call,
            &actor::block_in_c,
            &actor::throw_and_park,
            &actor::ping_pong,
            &actor::nest_calls,
            &actor::wait_for_timers,
            &actor::look,
            &actor::exception_in_callback,
            &actor::call_back,
            &actor::call_back,
            &actor::lock_thread,
            &actor::spawn_and_join,
            &actor::detach,
            &actor::goexit_in_child,
            &actor::goexit_in_callback,
            &actor::end_locked,
            &actor::share_thread,
        };
        constexpr int nesting = 9;
        const int n = static_cast<int>(std::size(all)) - (depth_ > 0 ? 0 : nesting);
        (this->*all[choose_.below(n)])();
    }

    actor deeper() { return actor(with_, choose_(), depth_ - 1); }

    // --- alone

    void yield() {
        for (int i = choose_.below(4); i >= 0; i--) gangway::gosched();
    }

    void count() {
        guarded_counter& c = with_.counters[static_cast<std::size_t>(choose_.below(4))];
        std::lock_guard lock(c.m);
        const std::int64_t before = c.count;
        if (choose_.one_in(8)) gangway::gosched();
        c.count = before + 1;
        ++c.expected;
    }

    void send() {
        const std::int64_t v = choose_.below(1000);
        with_.values.send(v);
        with_.sent += v;
    }

    void call() {
        ++calls_made;
        const int v = choose_.below(1000);
        check(gangway::call([v] { return v + 1; }) == v + 1, "a call's result");
    }

    void call_errno() {
        ++calls_made;
        const int e = choose_.between(1, 100);
        check(gangway::call_errno<&::set_errno>(e).error == e, "a call's errno");
    }

    void leaf_call() { check(gangway::leaf_call<&::stack_misalignment>() == 0, "a leaf call's result"); }

    // Short enough for the p to be kept, or long enough for it to be taken.
    void block_in_c() {
        ++calls_made;
        const auto us = static_cast<useconds_t>(choose_.one_in(4) ? choose_.between(1, 300) : 0);
        if (choose_.one_in(2)) {
            gangway::blocking_call<&::usleep>(us);
        } else {
            gangway::call<&::usleep>(us);
        }
    }

    void throw_and_park() {
        const int mine = choose_.below(1'000'000);
        try {
            throw mine;
        } catch (int caught) {
            check(caught == mine, "an exception");
            yield();
            try {
                throw;
            } catch (int again) {
                check(again == mine, "an exception after a park in its handler");
            }
        }
        check(std::uncaught_exceptions() == 0, "uncaught_exceptions");
    }

    void ping_pong() {
        gangway::chan<int> there;
        gangway::chan<int> back;
        with_.detached.go([there, back]() mutable {
            for (int v : there) back.send(-v);
        });
        for (int i = choose_.below(5); i >= 0; i--) {
            there.send(i);
            check(back.recv() == -i, "a channel's value");
        }
        there.close();
    }

    static std::int64_t one_level(std::int64_t depth) {
        ++callbacks_made;
        if (depth % 3 == 0) gangway::gosched();
        if (depth == 0) return 0;
        ++calls_made;
        return gangway::call<&::descend>(gangway::exported<&actor::one_level>, depth);
    }

    void nest_calls() {
        const int levels = choose_.between(1, 12);
        ++calls_made;
        check(gangway::call<&::descend>(gangway::exported<&actor::one_level>, std::int64_t{levels}) == levels,
              "nested calls");
    }

    // Each of them fires once: what a change of the number of ps loses is waited for here for ever.
    void wait_for_timers() {
        using namespace std::chrono_literals;
        gangway::chan<int> fired(2);
        gangway::timer one(choose_.between(0, 200) * 1us, [fired]() mutable { fired.send(1); });
        gangway::timer never(1h, [] { fail("a timer fired before its time"); });
        gangway::sleep_for(choose_.between(0, 100) * 1us);
        gangway::ticker ticks(choose_.between(20, 100) * 1us);
        check(ticks.channel().recv().has_value(), "a ticker's tick");
        check(fired.recv() == 1, "a timer");
        check(never.stop(), "stopping a timer");
        check(fired.size() == 0, "a timer that fired twice");
    }

    void look() {
        if (choose_.one_in(4)) gangway::gomaxprocs(choose_.between(1, 8));
        if (choose_.one_in(4)) gangway::read_mem_stats();
        if (choose_.one_in(8)) check(!gangway::stacks().empty(), "stacks");
    }

    // --- with more inside

    void exception_in_callback() {
        const int mine = choose_.below(1'000'000);
        int c_saw = 0;
        gangway::userdata_callback<int(void*), 0> cb(
            [&]() -> int {
                ++callbacks_made;
                test::counted local(1);
                yield();
                throw mine;
            },
            -3);
        try {
            ++calls_made;
            gangway::call([&] { c_saw = cb.fn()(cb.data()); });
            fail("an exception in a callback did not come out");
        } catch (int caught) {
            check(caught == mine, "an exception through a callback");
        }
        check(c_saw == -3, "on_error");
    }

    void call_back() {
        actor inner = deeper();
        gangway::userdata_callback<void(void*), 0> cb([&] {
            ++callbacks_made;
            const std::uint64_t me = gangway::goid();
            inner.act(2);
            check(me == gangway::goid(), "goid in a callback");
        });
        ++calls_made;
        check(gangway::call<&::callback>(cb.fn(), cb.data()) == 0, "C's frame below a callback");
    }

    void lock_thread() {
        gangway::os_thread_lock locked;
        const long thread = ::syscall(SYS_gettid);
        deeper().act(3);
        check(thread == ::syscall(SYS_gettid), "a locked goroutine's thread");
    }

    void spawn_and_join() {
        std::vector<gangway::task<test::counted>> tasks;
        const int n = choose_.between(1, 4);
        for (int i = 0; i < n; i++) {
            tasks.push_back(gangway::spawn(
                [](actor a, int v) {
                    a.act(2);
                    return test::counted(v);
                },
                deeper(), i));
        }
        for (int i = 0; i < n; i++) check(tasks[static_cast<std::size_t>(i)].join().value == i, "a task's result");
    }

    void detach() {
        with_.detached.go([a = deeper()]() mutable { a.act(2); });
    }

    void goexit_in_child() {
        auto t = gangway::spawn(
            [](actor a) {
                test::counted local(1);
                a.act(1);
                gangway::goexit();
            },
            deeper());
        expect_goexit(t);
    }

    void goexit_in_callback() {
        auto t = gangway::spawn(
            [](actor a) {
                test::counted outer(1);
                gangway::userdata_callback<int(void*), 0> cb([&]() -> int {
                    ++callbacks_made;
                    test::counted inner(2);
                    a.act(1);
                    gangway::goexit();
                });
                ++calls_made;
                gangway::call<&::result_of>(cb.fn(), cb.data());
                fail("a goexit in a callback did nothing");
            },
            deeper());
        expect_goexit(t);
    }

    void end_locked() {
        gangway::spawn(
            [](actor a) {
                gangway::lock_os_thread();
                a.act(1);
            },
            deeper())
            .join();
    }

    // Goroutines that share a thread, while others have functions for it. They take no locks: one of them may be alone there.
    void share_thread() {
        gangway::pinned_thread thread;
        const long there = thread.run([] { return ::syscall(SYS_gettid); });
        gangway::wait_group done;
        const int n = choose_.between(1, 4);
        done.add(n);
        for (int i = 0; i < n; i++) {
            thread.go([&, a = deeper()]() mutable {
                a.share();
                check(there == ::syscall(SYS_gettid), "a bound goroutine's thread");
                done.done();
            });
        }
        for (int i = 0; i < n; i++) check(thread.run([i] { return i; }) == i, "a pinned function's result");
        done.wait();
        thread.run([a = deeper()]() mutable { a.act(2); });
        check(there == thread.run([] { return ::syscall(SYS_gettid); }), "a pinned thread's thread");
    }

    void share() {
        using action = void (actor::*)();
        static constexpr action all[] = {&actor::yield,     &actor::call,        &actor::call_errno,
                                         &actor::leaf_call, &actor::block_in_c,  &actor::throw_and_park,
                                         &actor::ping_pong, &actor::share_locked};
        for (int i = 0; i < 4; i++) (this->*all[choose_.below(static_cast<int>(std::size(all)))])();
    }

    void share_locked() {
        gangway::os_thread_lock alone;
        yield();
        block_in_c();
    }

    static void expect_goexit(gangway::task<void>& t) {
        try {
            t.join();
        } catch (const std::runtime_error&) {
            return;
        }
        fail("join of a goroutine that called goexit");
    }

    common& with_;
    random choose_;
    int depth_;
};

void play(random& choose) {
    common with(choose);
    const int consumers = choose.between(1, 4);
    gangway::wait_group consuming;
    for (int i = 0; i < consumers; i++) {
        consuming.go([&with] {
            for (std::int64_t v : with.values) with.received += v;
        });
    }
    const int actors = choose.between(1, test::sized(100, 4));
    const int acts = choose.between(1, 40);
    gangway::wait_group acting;
    for (int i = 0; i < actors; i++) {
        acting.go([a = actor(with, choose(), 3), acts]() mutable { a.act(acts); });
    }
    acting.wait();
    with.detached.wait();
    with.values.close();
    consuming.wait();
    for (guarded_counter& c : with.counters) check(c.count == c.expected, "a counter under a mutex");
    check(with.sent == with.received, "the sum of what a channel carried");
}

}  // namespace

void run_round(random& choose) {
    gangway::options opts;
    opts.maxprocs = choose.between(1, 8);
    gangway::run(opts, [&] { play(choose); });
    check(!gangway::on_goroutine(), "run() came back on a goroutine");
}

void change_maxprocs(random& choose, long times) {
    for (long made = 0; made < times;) {
        const int n = choose.between(1, 8);
        if (gangway::gomaxprocs(n) != n) made++;
        // One straight after the other now and then; else the others come to do something in between.
        if (!choose.one_in(4)) gangway::sleep_for(std::chrono::microseconds(choose.between(0, 300)));
    }
}

void check_counts() {
    check(gangway::num_cgo_call() == calls_made, "num_cgo_call()");
    // Goroutines that were told of their end by another may be on their last instructions.
    for (long i = 0; gangway::num_goroutine() != 0 || test::counted::alive != 0; i++) {
        if (i > 100'000'000) fail("goroutines or values that they owned are left");
        gangway::gosched();
    }
    check(gangway::read_mem_stats().callbacks == callbacks_made, "mem_stats.callbacks");
}

}  // namespace stress
