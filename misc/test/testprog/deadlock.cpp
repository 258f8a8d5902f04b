// SPDX-License-Identifier: BSD-3-Clause
// Programs in which nothing can ever run again.
#include <cstdlib>
#include <functional>
#include <gangway/gangway.hpp>
#include <mutex>

#include "../c/block.h"
#include "../c/callback.h"
#include "testprog.hpp"

namespace {

PROGRAM(simple_deadlock) {
    gangway::run([] { gangway::chan<int>().recv(); });
}

PROGRAM(send_deadlock) {
    gangway::run([] { gangway::chan<int>().send(1); });
}

PROGRAM(locked_deadlock) {
    gangway::run([] {
        gangway::lock_os_thread();
        gangway::chan<int>().recv();
    });
}

PROGRAM(locked_deadlock2) {
    gangway::run([] {
        gangway::go([] {
            gangway::lock_os_thread();
            gangway::chan<int>().recv();
        });
        gangway::chan<int>().recv();
    });
}

PROGRAM(mutex_deadlock) {
    gangway::run([] {
        gangway::mutex m;
        m.lock();
        m.lock();
    });
}

PROGRAM(wait_group_deadlock) {
    gangway::run([] {
        gangway::wait_group wg;
        wg.add();
        wg.wait();
    });
}

PROGRAM(shared_mutex_deadlock) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock();
        gangway::go([&] { rw.lock_shared(); });
        rw.lock();
    });
}

// A second time, behind a writer that waits for the first.
PROGRAM(shared_mutex_recursive_deadlock) {
    gangway::run([] {
        gangway::shared_mutex rw;
        rw.lock_shared();
        gangway::go([&] { rw.lock(); });
        while (rw.try_lock_shared()) {
            rw.unlock_shared();
            gangway::gosched();
        }
        rw.lock_shared();
    });
}

PROGRAM(condition_variable_deadlock) {
    gangway::run([] {
        gangway::mutex m;
        gangway::condition_variable c;
        std::unique_lock lock(m);
        c.wait(lock);
    });
}

PROGRAM(semaphore_deadlock) {
    gangway::run([] { gangway::semaphore(0).acquire(); });
}

PROGRAM(call_once_deadlock) {
    gangway::run([] {
        gangway::once_flag flag;
        gangway::call_once(flag, [&] { gangway::call_once(flag, [] {}); });
    });
}

// After calls, callbacks and threads that came and went.
PROGRAM(deadlock_after_work) {
    gangway::run([] {
        gangway::wait_group done;
        for (int i = 0; i < 100; i++) {
            done.go([] {
                gangway::userdata_callback<void(void*), 0> cb([] { gangway::gosched(); });
                gangway::blocking_call<&::callback>(cb.fn(), cb.data());
            });
        }
        done.wait();
        gangway::spawn([] { gangway::lock_os_thread(); }).join();
        gangway::chan<int>().recv();
    });
}

// The ms that C needed have ended: those that are left are asleep, and known.
PROGRAM(deadlock_after_threads_ended) {
    gangway::options o;
    o.idle_thread_ms = 1;
    gangway::run(o, [] {
        constexpr int n = 20;
        gate* g = ::gate_new();
        gangway::wait_group done;
        for (int i = 0; i < n; i++) done.go([=] { gangway::blocking_call<&::gate_meet>(g, n); });
        done.wait();
        while (gangway::read_mem_stats().ms_ended < n / 2) gangway::gosched();
        gangway::chan<int>().recv();
    });
}

// C's frames hold the thread while the callback waits for what never comes.
PROGRAM(deadlock_in_callback) {
    gangway::run([] {
        gangway::userdata_callback<void(void*), 0> cb([] { gangway::chan<int>().recv(); });
        gangway::call<&::callback>(cb.fn(), cb.data());
    });
}

PROGRAM(goexit_deadlock) {
    gangway::run([] {
        gangway::go([] {
            for (int i = 0; i < 10; i++) gangway::gosched();
        });
        gangway::go([] {
            for (int i = 0; i < 10; i++) gangway::gosched();
        });
        gangway::goexit();
    });
}

// The main goroutine is gone, and the one that is left ends the process.
PROGRAM(goexit_exit) {
    gangway::run([] {
        gangway::go([] {
            for (int i = 0; i < 10; i++) gangway::gosched();
            std::exit(0);
        });
        gangway::goexit();
    });
}

PROGRAM(go_nil) {
    gangway::run([] {
        void (*null)() = nullptr;
        gangway::go(null);
    });
}

PROGRAM(go_nil_function) {
    gangway::run([] { gangway::go(std::function<void()>()); });
}

}  // namespace
