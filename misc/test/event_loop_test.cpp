// SPDX-License-Identifier: BSD-3-Clause
// event_loop, on a loop of poll(2).
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <gangway/loop/poll.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace {

using namespace std::chrono_literals;

std::int64_t thread() {
    return ::syscall(SYS_gettid);
}

// A loop under way on a goroutine of its own, which ends with it.
class running_loop : public gangway::poll_loop {
public:
    running_loop() : task_(gangway::spawn([this] { exec(); })) {
        run([] {});
    }
    ~running_loop() {
        quit();
        wait();
    }
    running_loop(const running_loop&) = delete;
    running_loop& operator=(const running_loop&) = delete;
    void wait() {
        if (task_.joinable()) task_.join();
    }

private:
    gangway::task<void> task_;
};

// Hooks that count, of a loop that is C's wait for one word.
struct counting_loop {
    std::atomic<int> wakes{0}, quits{0};
    std::atomic<bool> woken{false}, ending{false};
    gangway::event_loop loop{{[this] {
                                  while (!ending) {
                                      woken.wait(false);
                                      woken = false;
                                      loop.run_posted();
                                  }
                              },
                              [this] {
                                  wakes++;
                                  woken = true;
                                  woken.notify_one();
                              },
                              [this] {
                                  quits++;
                                  ending = true;
                              }}};
};

GOROUTINE_TEST(event_loop, runs_what_is_posted_on_its_thread_in_order) {
    running_loop loop;
    std::vector<int> order;
    const std::int64_t there = loop.run(thread);
    EXPECT_NE(there, thread());
    for (int i = 0; i < 300; i++) {
        if (i % 3 == 0) {
            EXPECT_EQ(there, loop.run([&, i] {
                order.push_back(i);
                return thread();
            }));
        } else {
            loop.post([&, i] { order.push_back(i); });
        }
    }
    loop.run([] {});
    ASSERT_EQ(300U, order.size());
    for (int i = 0; i < 300; i++) EXPECT_EQ(i, order[static_cast<std::size_t>(i)]);
}

GOROUTINE_TEST(event_loop, gives_results_and_exceptions_back) {
    running_loop loop;
    EXPECT_EQ("text", *loop.run([] { return std::make_unique<std::string>("text"); }));
    EXPECT_THROW(loop.run([] { throw std::length_error("kept"); }), std::length_error);
    EXPECT_EQ(1, loop.run([] { return 1; }));  // goes on
}

TEST(event_loop, is_on_the_main_thread_where_run_locks_first) {
    gangway::run(test::with_ps(test::ps()), [] {
        gangway::lock_os_thread();
        gangway::poll_loop loop;
        loop.post([&] {
            EXPECT_EQ(getpid(), thread());
            gangway::go([&] {
                EXPECT_EQ(getpid(), loop.run(thread));
                loop.quit();
            });
        });
        loop.exec();
        gangway::unlock_os_thread();
    });
}

GOROUTINE_TEST(event_loop, is_on_a_pinned_thread) {
    gangway::poll_loop loop;
    gangway::pinned_thread t;
    const std::int64_t there = t.run(thread);
    t.post([&] { loop.exec(); });
    EXPECT_EQ(there, loop.run(thread));
    loop.quit();
}

GOROUTINE_TEST(event_loop, runs_what_was_posted_before_exec) {
    gangway::poll_loop loop;
    int ran = 0;
    for (int i = 0; i < 10; i++) loop.post([&] { ran++; });
    gangway::task<int> waits = gangway::spawn([&] { return loop.run([&] { return ran; }); });
    EXPECT_TRUE(test::until_parked(1, "event_loop run"));
    loop.quit();
    loop.exec();
    EXPECT_EQ(10, ran);
    EXPECT_EQ(10, waits.join());
}

// Descriptors and what is posted: both come on.
GOROUTINE_TEST(event_loop, runs_between_the_loops_events) {
    running_loop loop;
    int fds[2];
    ASSERT_EQ(0, pipe(fds));
    gangway::chan<std::pair<char, bool>> seen;
    loop.run([&] {
        loop.watch(fds[0], POLLIN, [&](short) {
            char c = 0;
            EXPECT_EQ(1, read(fds[0], &c, 1));
            seen.send({c, loop.is_here()});  // parks, in the loop's callback
        });
    });
    for (char c = 'a'; c <= 'z'; c++) {
        ASSERT_EQ(1, write(fds[1], &c, 1));
        EXPECT_EQ(std::pair(c, true), *seen.recv());
        EXPECT_EQ(c, loop.run([&] { return c; }));
    }
    loop.run([&] { loop.unwatch(fds[0]); });
    close(fds[0]);
    close(fds[1]);
}

GOROUTINE_TEST(event_loop, nested_run_is_at_once) {
    running_loop loop;
    std::string order;
    loop.run([&] {
        loop.post([&] { order += "posted"; });
        loop.run([&] { order += "nested "; });
        order += "outer ";
    });
    loop.run([] {});
    EXPECT_EQ("nested outer posted", order);
}

GOROUTINE_TEST(event_loop, what_it_runs_is_goroutine_code) {
    running_loop loop;
    const std::int64_t there = loop.run(thread);
    loop.run([&] {
        gangway::chan<int> ch;
        gangway::go([ch]() mutable { ch.send(1); });
        EXPECT_EQ(1, ch.recv());
        gangway::chan<int> nobody;
        bool timed_out = false;
        gangway::select(gangway::on_recv(nobody, [](auto) {}),
                        gangway::on_timeout(1ms, [&] { timed_out = true; }));
        EXPECT_TRUE(timed_out);
        EXPECT_EQ(7, gangway::spawn([] { return 7; }).join());
        EXPECT_EQ(there, thread());
    });
}

// A function opens a loop of C's own, as a modal dialog does: what was posted after it runs there.
GOROUTINE_TEST(event_loop, a_nested_loop_runs_what_is_posted) {
    counting_loop c;
    gangway::task<void> task = gangway::spawn([&] { c.loop.exec(); });
    std::atomic<bool> answered{false};
    auto nested = [&] {
        gangway::call([&] {
            while (!answered) {
                c.woken.wait(false);
                c.woken = false;
                c.loop.run_posted();
            }
        });
    };
    c.loop.post(nested);
    c.loop.post([&] { answered = true; });  // perhaps of the same turn
    c.loop.run([] {});
    EXPECT_TRUE(answered);
    answered = false;
    gangway::wait_group entered;
    entered.add();
    c.loop.post([&] {
        entered.done();
        nested();
    });
    entered.wait();
    c.loop.run([&] { answered = true; });  // of another
    c.loop.quit();
    task.join();
    EXPECT_EQ(1, c.quits);
}

GOROUTINE_TEST(event_loop, wakes_are_coalesced) {
    counting_loop c;
    gangway::task<void> task = gangway::spawn([&] { c.loop.exec(); });
    gangway::chan<int> gate;
    c.loop.run([] {});
    c.loop.post([gate]() mutable { gate.recv(); });  // the loop stands still
    EXPECT_TRUE(test::until_parked(1, "chan receive"));
    const int before = c.wakes;
    int ran = 0;
    for (int i = 0; i < 1000; i++) c.loop.post([&] { ran++; });
    EXPECT_LE(c.wakes, before + 1);
    gate.send(1);
    c.loop.run([] {});
    EXPECT_EQ(1000, ran);
    c.loop.quit();
    task.join();
}

GOROUTINE_TEST(event_loop, many_callers_lose_nothing) {
    constexpr int callers = test::under_sanitizer ? 50 : 200;
    constexpr int runs = 50;
    running_loop loop;
    std::vector<int> next(callers);
    int wrong = 0;
    gangway::wait_group done;
    for (int c = 0; c < callers; c++) {
        done.go([&, c] {
            for (int i = 0; i < runs; i++) {
                auto f = [&, c, i] { wrong += next[static_cast<std::size_t>(c)]++ != i ? 1 : 0; };
                if (i % 4 == 0) {
                    loop.post(f);
                } else {
                    loop.run(f);
                }
            }
        });
    }
    done.wait();
    loop.run([] {});
    EXPECT_EQ(0, wrong);
    for (int n : next) EXPECT_EQ(runs, n);
}

GOROUTINE_TEST(event_loop, is_posted_to_from_any_thread_and_from_inside_c) {
    running_loop loop;
    int ran = 0;
    gangway::call([&] { loop.post([&] { ran++; }); });
    std::thread other([&] {
        loop.post([&] { ran++; });
        loop.run([&] { ran++; });
    });
    gangway::blocking_call([&] { other.join(); });
    loop.run([&] { gangway::call([&] { loop.run([&] { ran++; }); }); });  // the loop's own thread, in C
    EXPECT_EQ(4, loop.run([&] { return ran; }));
}

GOROUTINE_TEST(event_loop, an_exception_of_a_posted_function_ends_it_and_comes_out_of_exec) {
    gangway::poll_loop loop;
    loop.post([] { throw std::domain_error("left"); });
    EXPECT_THROW(loop.exec(), std::domain_error);
    EXPECT_THROW(loop.run([] {}), gangway::event_loop_ended);
}

template <class F>
std::string text_thrown(F f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "nothing was thrown";
}

GOROUTINE_TEST(event_loop, exec_twice_is_an_error) {
    gangway::poll_loop loop;
    loop.post([&] {
        EXPECT_EQ("gangway::event_loop::exec: called before; a loop runs once", text_thrown([&] { loop.exec(); }));
        loop.quit();
    });
    loop.exec();
    EXPECT_EQ("gangway::event_loop::exec: called before; a loop runs once", text_thrown([&] { loop.exec(); }));
}

TEST(event_loop, exec_off_a_goroutine_is_an_error) {
    gangway::poll_loop loop;
    EXPECT_EQ("gangway::event_loop::exec: not on a goroutine's stack", text_thrown([&] { loop.exec(); }));
}

TEST(event_loop, an_empty_hook_is_an_error) {
    EXPECT_EQ("gangway::event_loop: hooks::wake is empty", text_thrown([] {
                  gangway::event_loop loop({[] {}, {}, [] {}});
              }));
}

GOROUTINE_TEST(event_loop, run_and_post_after_quit_are_errors) {
    gangway::poll_loop loop;
    loop.quit();
    loop.quit();
    constexpr const char* text = ": the loop has ended, or will: quit() was called";
    EXPECT_EQ("gangway::event_loop::run" + std::string(text), text_thrown([&] { loop.run([] {}); }));
    EXPECT_EQ("gangway::event_loop::post" + std::string(text), text_thrown([&] { loop.post([] {}); }));
    loop.exec();
    EXPECT_EQ("gangway::event_loop::run" + std::string(text), text_thrown([&] { loop.run([] {}); }));
}

// A loop that ends by itself: whoever waits is told so, and what was posted is destroyed.
GOROUTINE_TEST(event_loop, what_has_not_run_comes_back_as_an_error) {
    gangway::chan<int> at_end;
    gangway::event_loop loop(
        {[&] { gangway::detail::enter_goroutine<void>([&] { at_end.recv(); }, [] {}); }, [] {}, [] {}});
    gangway::task<void> task = gangway::spawn([&] { loop.exec(); });
    auto held = std::make_shared<int>();
    std::weak_ptr<int> seen = held;
    loop.post([h = std::move(held)] {});
    gangway::task<std::string> waits = gangway::spawn([&] { return text_thrown([&] { loop.run([] {}); }); });
    EXPECT_TRUE(test::until_parked(1, "event_loop run"));
    EXPECT_FALSE(seen.expired());
    at_end.send(1);
    task.join();
    EXPECT_EQ("gangway::event_loop::run: the loop ended before the function was run", waits.join());
    EXPECT_TRUE(seen.expired());
}

GOROUTINE_TEST(event_loop, goexit_of_a_function_ends_the_loop) {
    running_loop loop;
    EXPECT_EQ("gangway::event_loop::run: the function called goexit",
              text_thrown([&] { loop.run([] { gangway::goexit(); }); }));
    EXPECT_THROW(loop.wait(), std::runtime_error);
}

}  // namespace
