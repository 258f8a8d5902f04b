// SPDX-License-Identifier: BSD-3-Clause
// The end of the process: the runtime stops before the static destructors run that were registered before it started,
// and nothing of it runs again.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include <gangway/gangway.hpp>

#include "../c/block.h"
#include "../c/callback.h"
#include "testprog.hpp"

namespace {

std::atomic<long> counter{0};

// Time in which whoever still ran would be seen to. It is the subject: there is no state that says "never".
void let_time_pass() {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void expect(bool right, const char* what) {
    if (right) return;
    std::printf("wrong: %s\n", what);
    std::fflush(stdout);
    std::_Exit(9);
}

void say(const char* what) {
    std::puts(what);
    std::fflush(stdout);
}

constexpr int counters = 8;

// Registered before the runtime starts, so it runs after the stop.
void counter_stands_still() {
    const long before = counter;
    expect(before > 0, "goroutines ran");
    let_time_pass();
    // The stop waits for a second: one whose thread had no CPU for so long may count once more.
    expect(counter - before <= counters, "a goroutine runs after the stop");
    say("stopped before this");
}

void start_counters() {
    for (int i = 0; i < counters; i++) {
        gangway::go([] {
            for (;;) {
                ++counter;
                gangway::gosched();
                if (counter % 7 == 0) gangway::call([] {});
            }
        });
    }
    while (counter < 1000) gangway::gosched();
}

PROGRAM(exit_while_goroutines_run) {
    std::atexit(counter_stands_still);
    gangway::run(start_counters);
    std::exit(3);
}

PROGRAM(return_from_main_while_goroutines_run) {
    std::atexit(counter_stands_still);
    gangway::run(start_counters);
}

PROGRAM(exit_in_goroutine) {
    std::atexit(counter_stands_still);
    gangway::run([] {
        start_counters();
        gangway::spawn([] { std::exit(4); }).join();
    });
}

PROGRAM(exit_inside_c) {
    std::atexit(counter_stands_still);
    gangway::run([] {
        start_counters();
        gangway::call([] { std::exit(5); });
    });
}

PROGRAM(exit_in_callback) {
    std::atexit(counter_stands_still);
    gangway::run([] {
        start_counters();
        gangway::userdata_callback<void(void*), 0> cb([] { std::exit(6); });
        gangway::call<&::callback>(cb.fn(), cb.data());
    });
}

// Main is on a goroutine all the time, in C++ that blocks its thread: it cannot be asked to stop.
PROGRAM(exit_on_another_thread) {
    std::atexit(counter_stands_still);
    gangway::run([] {
        start_counters();
        std::thread([] { std::exit(7); }).join();
    });
}

gate* in_c = nullptr;
std::atomic<bool> c_has_returned{false};
std::atomic<bool> ran_after{false};

void come_back_from_c() {
    ::gate_open(in_c);
    while (!c_has_returned) std::this_thread::yield();
    let_time_pass();
    expect(!ran_after, "the goroutine ran on after the stop");
    say("never came back");
}

// A goroutine that comes back from C after the stop never runs again.
PROGRAM(return_from_c_after_stop) {
    std::atexit(come_back_from_c);
    in_c = ::gate_new();
    gangway::run([] {
        gangway::go([] {
            gangway::call([] {
                ::gate_wait(in_c, 0);
                c_has_returned = true;
            });
            ran_after = true;
        });
        while (::gate_waiting(in_c) == 0) gangway::gosched();
    });
}

int call_back_after_stop() {
    ran_after = true;
    return 1;
}
std::atomic<int> c_got{-1};

void let_c_call_back() {
    ::gate_open(in_c);
    while (c_got == -1) std::this_thread::yield();
    expect(!ran_after, "a callback ran after the stop");
    expect(c_got == 0, "C got something else than on_error");
    say("C got on_error");
}

// C that is under way when the runtime stops calls back: it gets on_error, and no goroutine code runs.
PROGRAM(callback_after_stop) {
    std::atexit(let_c_call_back);
    in_c = ::gate_new();
    gangway::run([] {
        gangway::go([] {
            gangway::call([] {
                ::gate_wait(in_c, 0);
                c_got = gangway::exported<&call_back_after_stop>();
            });
        });
        while (::gate_waiting(in_c) == 0) gangway::gosched();
    });
}

// Objects made before the first use outlive the runtime, and may still ask it things.
struct made_first {
    ~made_first() {
        if (!used) return;
        expect(gangway::goid() == 0, "goid off a goroutine");
        expect(gangway::call([] { return 5; }) == 5, "a call is plain now");
        say("static object destroyed last");
    }
    bool used = false;
};
made_first first;

PROGRAM(static_objects_outlive_the_runtime) {
    first.used = true;
    gangway::run([] {});
}

// Memory that is reached from a goroutine's stack only, in each state in which the end may find one.
std::unique_ptr<int> something() {
    return std::make_unique<int>(1);
}

struct holds_to_the_end {
    std::unique_ptr<int> held = something();
    ~holds_to_the_end() { std::abort(); }
};

PROGRAM(goroutines_hold_memory_at_the_end) {
    // Never destroyed: the runtime starts with it, so the goroutines would run on when its destructor did.
    static auto& never = *new gangway::chan<int>;
    in_c = ::gate_new();
    gangway::run([] {
        gangway::go([] {
            const holds_to_the_end local;
            never.recv();
        });
        gangway::go([] {
            const holds_to_the_end local;
            const gangway::os_thread_lock locked;
            never.recv();
        });
        gangway::go([] {
            const holds_to_the_end local;
            gangway::blocking_call<&::gate_wait>(in_c, 0);
        });
        gangway::go([] {
            const holds_to_the_end local;
            gangway::userdata_callback<void(void*), 0> cb([] {
                const holds_to_the_end of_callback;
                never.recv();
            });
            gangway::call(cb.fn(), cb.data());
        });
        for (int i = 0; i < 100; i++) gangway::go([held = something()] { never.recv(); });
        for (int i = 0; i < 10; i++)
            gangway::go([held = something()] {
                for (;;) gangway::gosched();
            });
        while (::gate_waiting(in_c) == 0) gangway::gosched();
    });
}

// So many that what is left of some in a register or a frame does not hide the others.
PROGRAM(a_goroutine_leaks_memory) {
    gangway::run([] {
        gangway::spawn([] {
            for (int i = 0; i < 100; i++) static_cast<void>(something().release());
        }).join();
    });
}

}  // namespace
