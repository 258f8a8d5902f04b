// SPDX-License-Identifier: BSD-3-Clause
// run(): what comes back from it, what it takes, and what outlives it.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "counted.hpp"
#include "fixture.hpp"

namespace {

using gangway::run;

gangway::options opts() {
    return test::with_ps(test::ps());
}

TEST(run, gives_the_result) {
    EXPECT_EQ(7, run([] { return 7; }));
    EXPECT_EQ(8, run(opts(), [] { return 8; }));
    static_assert(std::is_void_v<decltype(run([] {}))>);
    bool ran = false;
    run([&] { ran = true; });
    EXPECT_TRUE(ran);
    EXPECT_EQ(9, *run([] { return std::make_unique<int>(9); }));
    int x = 0;
    static_assert(std::is_same_v<int&, decltype(run([&]() -> int& { return x; }))>);
    EXPECT_EQ(&x, &run([&]() -> int& { return x; }));
    EXPECT_EQ("text", run([] { return std::string("text"); }));
    EXPECT_EQ(3, run([] { return test::counted(3); }).value);
    EXPECT_EQ(0, test::counted::alive);
}

TEST(run, calls_what_it_is_given_without_copying_it) {
    test::counted c(4);
    auto moves_only = [p = std::make_unique<int>(5), &c]() mutable { return ++*p + c.value; };
    EXPECT_EQ(10, run(moves_only));
    EXPECT_EQ(11, run(moves_only));
    EXPECT_EQ(1, test::counted::alive);
}

TEST(run, throws_the_exception) {
    for (int i = 0; i < 20; i++) {
        try {
            run([i] {
                gangway::gosched();
                throw std::runtime_error("from main " + std::to_string(i));
            });
            FAIL() << "nothing was thrown";
        } catch (const std::runtime_error& e) {
            EXPECT_EQ("from main " + std::to_string(i), e.what());
        }
    }
    EXPECT_THROW(run([]() -> int { throw 5; }), int);
}

TEST(run, comes_back_on_the_calling_thread) {
    const auto me = std::this_thread::get_id();
    for (int i = 0; i < 50; i++) {
        run(opts(), [] {
            for (int k = 0; k < 10; k++) gangway::spawn([] { gangway::gosched(); }).join();
        });
        EXPECT_EQ(me, std::this_thread::get_id());
        EXPECT_FALSE(gangway::on_goroutine());
        EXPECT_EQ(0U, gangway::goid());
    }
}

TEST(run, begins_on_the_calling_thread) {
    const auto me = std::this_thread::get_id();
    for (int i = 0; i < 50; i++) EXPECT_EQ(me, run(opts(), [] { return std::this_thread::get_id(); }));
}

TEST(run, again_and_again) {
    for (int i = 0; i < test::sized(2000); i++) {
        ASSERT_EQ(i, run(opts(), [i] { return gangway::spawn([i] { return i; }).join(); }));
    }
}

TEST(run, from_several_threads_at_once) {
    std::vector<std::thread> threads;
    std::atomic<int> sum{0};
    for (int t = 0; t < 6; t++) {
        threads.emplace_back([&sum] {
            for (int i = 0; i < test::sized(100); i++) {
                sum += run(opts(), [] {
                    gangway::chan<int> ch;
                    gangway::go([ch]() mutable { ch.send(1); });
                    return ch.recv().value();
                });
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(6 * test::sized(100), sum);
}

TEST(run, mains_of_two_threads_talk) {
    gangway::chan<int> there;
    gangway::chan<int> back;
    std::thread other([=]() mutable {
        run(opts(), [&] {
            for (int v : there) back.send(v * 2);
        });
    });
    run(opts(), [&] {
        for (int i = 0; i < 200; i++) {
            there.send(i);
            ASSERT_EQ(2 * i, back.recv());
        }
        there.close();
    });
    other.join();
}

TEST(run, goroutines_outlive_it) {
    gangway::chan<int> ch;
    std::atomic<int> seen{0};
    run(opts(), [&] {
        gangway::go([&seen, ch]() mutable {
            for (int v : ch) seen += v;
            seen += 1000;
        });
    });
    run(opts(), [&] { ch.send(1); });
    run(opts(), [&] {
        ch.send(2);
        ch.close();
        EXPECT_TRUE(test::yield_until([&] { return seen == 1003; }));
    });
}

// They run on while no thread is in run(), and what they were started by is no goroutine.
TEST(run, goroutines_run_without_it) {
    std::atomic<int> ran{0};
    run(opts(), [&] {
        gangway::go([&] {
            for (int i = 0; i < 1000; i++) gangway::gosched();
            ++ran;
        });
    });
    std::thread starter([&ran] {
        for (int i = 0; i < 10; i++) gangway::go([&ran] { ++ran; });
    });
    starter.join();
    EXPECT_TRUE(test::yield_until([&] { return ran == 11; }));
    EXPECT_TRUE(test::yield_until([] { return gangway::num_goroutine() == 0; }));
}

TEST(run, on_a_goroutine_is_an_error) {
    run(opts(), [] {
        EXPECT_THROW(run([] {}), std::logic_error);
        gangway::spawn([] { EXPECT_THROW(run([] {}), std::logic_error); }).join();
        gangway::call([] { EXPECT_THROW(run([] {}), std::logic_error); });
    });
}

void expect_rejected(gangway::options bad, const std::string& named) {
    bool ran = false;
    try {
        run(bad, [&] { ran = true; });
        ADD_FAILURE() << named << " was taken";
    } catch (const std::invalid_argument& e) {
        EXPECT_NE(std::string::npos, std::string(e.what()).find(named)) << e.what();
    }
    EXPECT_FALSE(ran);
}

TEST(run, options_out_of_range_are_errors_that_name_them) {
    gangway::options o;
    o.maxprocs = -1;
    expect_rejected(o, "maxprocs");
    o.maxprocs = 1025;
    expect_rejected(o, "1025");
    o = {};
    o.stack_size = 4096;
    expect_rejected(o, "stack_size");
    o = {};
    o.max_threads = -3;
    expect_rejected(o, "max_threads");
    o = {};
    o.idle_thread_ms = -1;
    expect_rejected(o, "idle_thread_ms");
}

TEST(run, options_are_applied_each_time) {
    for (int n : {1, 3, 1024, 2}) {
        EXPECT_EQ(n, run(test::with_ps(n), [] { return gangway::gomaxprocs(); }));
        EXPECT_EQ(n, gangway::gomaxprocs());
    }
}

__attribute__((noinline)) int use_stack(std::size_t kilobytes) {
    volatile char frame[1024];
    frame[0] = static_cast<char>(kilobytes);
    return kilobytes == 0 ? 0 : use_stack(kilobytes - 1) + (frame[0] != 0 ? 1 : 0);
}

TEST(run, stack_size_is_for_goroutines_started_from_then_on) {
    gangway::options large = opts();
    large.stack_size = 16 << 20;
    run(large, [] { EXPECT_GT(gangway::spawn([] { return use_stack(4096); }).join(), 0); });
}

}  // namespace
