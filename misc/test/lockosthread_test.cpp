// SPDX-License-Identifier: BSD-3-Clause
// Locked goroutines: one thread, theirs alone, which ends with them if they end locked.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "c/block.h"
#include "c/callback.h"
#include "c/tls.h"
#include "fixture.hpp"
#include "locked_probe.hpp"
#include "wander.hpp"

namespace {

std::int64_t thread() {
    return ::syscall(SYS_gettid);
}

GOROUTINE_TEST(lockosthread, stays_on_its_thread) {
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([] {
            gangway::os_thread_lock locked;
            const std::int64_t here = thread();
            for (int k = 0; k < 50; k++) {
                test::wander();
                ASSERT_EQ(here, thread());
            }
        });
    }
    done.wait();
}

GOROUTINE_TEST(lockosthread, TestLockOSThreadNesting) {
    gangway::lock_os_thread();
    gangway::lock_os_thread();
    EXPECT_TRUE(test::has_thread_alone());
    gangway::unlock_os_thread();
    EXPECT_TRUE(test::has_thread_alone());
    gangway::unlock_os_thread();
    EXPECT_TRUE(test::yield_until([] { return !test::has_thread_alone(); }));
}

GOROUTINE_TEST(lockosthread, one_unlock_too_many_does_nothing) {
    gangway::unlock_os_thread();
    gangway::unlock_os_thread();
    gangway::lock_os_thread();
    EXPECT_TRUE(test::has_thread_alone());
    gangway::unlock_os_thread();
}

GOROUTINE_TEST(lockosthread, scopes_nest) {
    {
        gangway::os_thread_lock outer;
        { gangway::os_thread_lock inner; }
        EXPECT_TRUE(test::has_thread_alone());
    }
    EXPECT_TRUE(test::yield_until([] { return !test::has_thread_alone(); }));
}

TEST(lockosthread, off_a_goroutine_is_an_error) {
    EXPECT_THROW(gangway::lock_os_thread(), std::logic_error);
    EXPECT_NO_THROW(gangway::unlock_os_thread());
}

GOROUTINE_TEST(lockosthread, TestYieldLocked) {
    gangway::chan<bool> c;
    gangway::go([c]() mutable {
        gangway::lock_os_thread();
        for (int i = 0; i < 10; i++) gangway::gosched();
        c.send(true);
        // and it ends locked
    });
    EXPECT_EQ(true, c.recv());
}

GOROUTINE_TEST(lockosthread, TestYieldLockedProgress) {
    gangway::chan<bool> c;
    std::atomic<bool> stop{false};
    gangway::wait_group done;
    done.go([&] {
        gangway::lock_os_thread();
        while (!stop) gangway::gosched();
        gangway::unlock_os_thread();
    });
    for (int i = 0; i < 10; i++) {
        done.go([&] {
            for (int k = 0; k < 100; k++) gangway::gosched();
            c.send(true);
        });
    }
    for (int i = 0; i < 10; i++) EXPECT_EQ(true, c.recv());
    stop = true;
    done.wait();
}

GOROUTINE_TEST(lockosthread, TestBlockLocked) {
    constexpr int n = 10;
    gangway::chan<bool> c;
    gangway::go([c]() mutable {
        gangway::os_thread_lock locked;
        for (int i = 0; i < n; i++) c.send(true);
    });
    for (int i = 0; i < n; i++) EXPECT_EQ(true, c.recv());
}

// Both sides of a channel locked: each hand-over is from thread to thread.
GOROUTINE_TEST(lockosthread, two_locked_goroutines_in_turn) {
    gangway::chan<int> there;
    gangway::chan<int> back;
    auto echo = gangway::spawn([there, back]() mutable {
        gangway::os_thread_lock locked;
        const std::int64_t here = thread();
        for (int v : there) {
            EXPECT_EQ(here, thread());
            back.send(v + 1);
        }
        return here;
    });
    gangway::os_thread_lock locked;
    const std::int64_t here = thread();
    for (int i = 0; i < test::sized(2000); i++) {
        there.send(i);
        ASSERT_EQ(i + 1, back.recv());
        ASSERT_EQ(here, thread());
    }
    there.close();
    EXPECT_NE(here, echo.join());
}

// Goroutines that are in no hurry to park have their turn beside two that answer each other without end.
GOROUTINE_TEST(lockosthread, others_have_their_turn_beside_two_that_never_rest) {
    gangway::chan<bool> there;
    gangway::chan<bool> back;
    std::atomic<bool> stop{false};
    gangway::wait_group pair;
    pair.go([&] {
        gangway::os_thread_lock locked;
        while (there.recv()) back.send(true);
    });
    pair.go([&] {
        gangway::os_thread_lock locked;
        while (!stop) {
            there.send(true);
            back.recv();
        }
        there.close();
    });
    gangway::wait_group others;
    for (int i = 0; i < 10; i++) {
        others.go([] {
            for (int k = 0; k < 20; k++) test::wander();
        });
    }
    others.wait();
    stop = true;
    pair.wait();
}

// On its way to its thread, in no run queue, it counts as runnable and not as waiting.
TEST(lockosthread, runnable_while_its_thread_waits_for_a_p) {
    gangway::run(test::with_ps(1), [] {
        gangway::chan<int> c;
        auto locked = gangway::spawn([c]() mutable {
            gangway::os_thread_lock pinned;
            return c.recv();
        });
        ASSERT_TRUE(test::until_parked(1, "chan receive"));
        EXPECT_EQ(0U, gangway::read_mem_stats().goroutines_runnable);
        c.send(1);
        EXPECT_EQ(1U, gangway::read_mem_stats().goroutines_runnable);
        EXPECT_EQ(1, locked.join());
    });
}

GOROUTINE_TEST(lockosthread, goroutines_that_it_starts_are_not_locked) {
    gangway::os_thread_lock locked;
    const std::int64_t here = thread();
    gangway::spawn([here] {
        EXPECT_NE(here, thread());
        EXPECT_TRUE(test::yield_until([] { return !test::has_thread_alone(); }));
    }).join();
    EXPECT_EQ(here, thread());
}

// Others run while a locked one waits, even with one p: it hands its p on.
GOROUTINE_TEST(lockosthread, waiting_locked_holds_no_p) {
    gangway::chan<int> never;
    gangway::wait_group waiting;
    gangway::wait_group done;
    for (int i = 0; i < 20; i++) {
        waiting.add();
        done.go([&] {
            gangway::os_thread_lock locked;
            waiting.done();
            never.recv();
        });
    }
    waiting.wait();
    int sum = 0;
    for (int i = 0; i < 1000; i++) sum += gangway::spawn([] { return 1; }).join();
    EXPECT_EQ(1000, sum);
    never.close();
    done.wait();
}

// LockOSThreadAlt: who ends locked ends its thread, whose pthread keys are destroyed. No goroutine gets that thread
// again: C's thread-local mark is seen by nobody.
GOROUTINE_TEST(lockosthread, LockOSThreadAlt) {
    const int ends = ::thread_ends();
    constexpr int n = 10;
    for (int i = 0; i < n; i++) {
        gangway::spawn([] {
            gangway::lock_os_thread();
            EXPECT_EQ(0, gangway::call<&::get_tls>());
            gangway::call<&::set_tls>(4711);
            gangway::call<&::count_thread_end>();
            EXPECT_EQ(4711, gangway::call<&::get_tls>());
        }).join();
        for (int k = 0; k < 50; k++) {
            EXPECT_EQ(0, gangway::spawn([] { return gangway::call<&::get_tls>(); }).join());
        }
    }
    EXPECT_TRUE(test::yield_until([ends] { return ::thread_ends() == ends + n; }));
}

GOROUTINE_TEST(lockosthread, goexit_while_locked_ends_the_thread) {
    const int ends = ::thread_ends();
    EXPECT_THROW(gangway::spawn([] {
                     gangway::lock_os_thread();
                     gangway::call<&::count_thread_end>();
                     gangway::goexit();
                 }).join(),
                 std::runtime_error);
    EXPECT_TRUE(test::yield_until([ends] { return ::thread_ends() == ends + 1; }));
}

TEST(lockosthread, unlocked_again_the_thread_lives_on) {
    gangway::options o = test::with_ps(test::ps());
    o.idle_thread_ms = 1'000'000;
    test::run_and_check(o, [] {
        const std::uint64_t ended = gangway::read_mem_stats().ms_ended;
        for (int i = 0; i < 100; i++) {
            gangway::spawn([] {
                gangway::lock_os_thread();
                gangway::gosched();
                gangway::unlock_os_thread();
            }).join();
        }
        // Some that were idle before this run began may end yet, a hundred do not.
        EXPECT_LT(gangway::read_mem_stats().ms_ended, ended + 50);
    });
}

// LockOSThreadVgetrandom: a thousand goroutines that use per-thread state and end locked, a hundred at a time.
GOROUTINE_TEST(lockosthread, LockOSThreadVgetrandom) {
    const int batches = test::sized(10, 5);
    for (int b = 0; b < batches; b++) {
        gangway::wait_group done;
        for (int i = 0; i < 100; i++) {
            done.go([] {
                gangway::lock_os_thread();
                EXPECT_EQ(1, gangway::call<&::random_bytes_come>());
            });
        }
        done.wait();
    }
}

// TestLockOSThread: locked by the first statement, run()'s function is on the thread that called run(), here the
// process's first.
TEST(lockosthread, run_pins_to_its_caller) {
    gangway::run(test::with_ps(test::ps()), [] {
        gangway::lock_os_thread();
        for (int i = 0; i < 50; i++) {
            EXPECT_EQ(::getpid(), thread());
            test::wander();
        }
        EXPECT_EQ(::getpid(), gangway::call<&::thread_id>());
    });
    std::thread other([] {
        const std::int64_t here = thread();
        gangway::run(test::with_ps(test::ps()), [here] {
            gangway::lock_os_thread();
            for (int i = 0; i < 50; i++) {
                EXPECT_EQ(here, thread());
                test::wander();
            }
        });
        EXPECT_EQ(here, thread());
    });
    other.join();
}

// CgoSignalDeadlock, with an exception for the fault: with many ps and more locked goroutines than ps parked for ever,
// another that throws and catches all the time and one that answers go on.
TEST(lockosthread, many_parked_locked_goroutines) {
    test::run_and_check(test::with_ps(100), [] {
        gangway::chan<int> never;
        gangway::wait_group parked;
        gangway::wait_group done;
        constexpr int n = 128;
        parked.add(n);
        for (int i = 0; i < n; i++) {
            done.go([&] {
                gangway::lock_os_thread();
                parked.done();
                never.recv();
                gangway::unlock_os_thread();
            });
        }
        parked.wait();
        std::atomic<bool> over{false};
        done.go([&] {
            while (!over) {
                try {
                    throw 1;
                } catch (int) {
                    gangway::gosched();
                }
            }
        });
        gangway::chan<bool> ping;
        done.go([&] {
            for (bool b : ping) EXPECT_TRUE(b);
        });
        for (int i = 0; i < 100; i++) ping.send(true);
        ping.close();
        over = true;
        never.close();
        done.wait();
    });
}

// A new thread takes nothing over from the thread that happened to make it: not what a locked goroutine did to its own.
GOROUTINE_TEST(lockosthread, new_threads_do_not_inherit_its_signal_mask) {
    gangway::os_thread_lock locked;
    gangway::call<&::block_usr1>(1);
    EXPECT_EQ(1, gangway::call<&::usr1_is_blocked>());
    // So many at once in C that most of their threads are new.
    constexpr int n = 200;
    gate* g = ::gate_new();
    gangway::wait_group done;
    for (int i = 0; i < n; i++) {
        done.go([g] {
            const int blocked = gangway::blocking_call([g] {
                ::gate_meet(g, n);
                return ::usr1_is_blocked();
            });
            EXPECT_EQ(0, blocked);
        });
    }
    done.wait();
    ::gate_free(g);
    gangway::call<&::block_usr1>(0);
}

}  // namespace
