// SPDX-License-Identifier: BSD-3-Clause
// Threads that the runtime did not make, and the ends that they can bring about.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <gangway/gangway.hpp>

#include "../c/foreign.h"
#include "../c/jump.h"
#include "testprog.hpp"

namespace {

template <class F>
void on_a_thread_of_cs(F f) {
    gangway::userdata_callback<void(void*), 0> cb(std::move(f));
    gangway::blocking_call<&::on_threads>(1, 0UL, 1, cb.fn(), cb.data());
}

PROGRAM(uncaught_in_foreign_callback) {
    gangway::run([] { on_a_thread_of_cs([] { throw std::runtime_error("from a thread of C's"); }); });
}

PROGRAM(foreign_exception_handler_throws) {
    gangway::set_callback_exception_handler(
        [](std::exception_ptr) { throw std::logic_error("the handler's own"); });
    gangway::run([] { on_a_thread_of_cs([] { throw std::runtime_error("from a thread of C's"); }); });
}

void jumps_over_itself() {
    gangway::call<&::jump_back>();
}

void does_nothing() {}

PROGRAM(longjmp_over_foreign_callback) {
    std::thread([] {
        ::jump_target(gangway::exported<&jumps_over_itself>);
        gangway::exported<&does_nothing>();
    }).join();
}

PROGRAM(foreign_thread_ends_after_longjmp) {
    std::thread([] { ::jump_target(gangway::exported<&jumps_over_itself>); }).join();
}

// A thread of the program's own dies, attached or not.
void unlock_on_a_thread(bool attached) {
    gangway::run([] {});
    std::thread([=] {
        if (attached) gangway::attach_thread();
        gangway::mutex().unlock();
    }).join();
}

PROGRAM(death_of_a_thread) {
    unlock_on_a_thread(false);
}
PROGRAM(death_of_an_attached_thread) {
    unlock_on_a_thread(true);
}

// Main ends while a thread that nobody waits for calls in again and again, and for the first time.
std::atomic<bool> over{false};

int answers_seven() {
    return 7;
}

void call_until_refused() {
    while (gangway::exported<&answers_seven>() == 7) {
    }
    int first = 7;
    std::thread([&] { first = gangway::exported<&answers_seven>(); }).join();
    if (first != 0) std::abort();
    over = true;
}

void wait_until_refused() {
    while (!over) std::this_thread::yield();
    std::puts("C got on_error");
}

PROGRAM(exit_while_foreign_threads_call_in) {
    std::atexit(&wait_until_refused);
    static std::atomic<int> calls{0};
    std::thread([] {
        gangway::attach_thread();
        calls++;
        call_until_refused();
    }).detach();
    gangway::run([] {
        while (calls == 0) gangway::gosched();
    });
}

// Nothing can wake main but a thread that may call in.
PROGRAM(no_deadlock_beside_a_foreign_thread) {
    gangway::chan<int> c;
    std::thread later([c]() mutable {
        gangway::attach_thread();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        c.send(1);
    });
    gangway::run([&] { c.recv(); });
    later.join();
    std::puts("woken");
}

}  // namespace
