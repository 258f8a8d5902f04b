// SPDX-License-Identifier: BSD-3-Clause
// Preemption of code built with -fsplit-stack, and what keeps a request alive where it cannot be granted (P1 to P3 in
// runtime/preempt.hpp). White box: a goroutine asks itself to yield, the way the monitor does.
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "fixture.hpp"
#include "preempt/preemptible.hpp"
#include "runtime/newm.hpp"
#include "runtime/preempt.hpp"
#include "runtime/proc.hpp"
#include "runtime/stack.hpp"
#include "runtime/stoptheworld.hpp"

namespace {

using gangway::runtime::m;
using gangway::runtime::sched;
using gangway::runtime::stack_preempt;
using gangway::runtime::stackguard;

void ask_myself() {
    std::lock_guard lock(sched.lock);
    m* mp = gangway::runtime::getm();
    gangway::runtime::request_preempt(&mp, 1);
}

// Only the request and the guard: what looks at p_taken's bit, such as go(), goes on.
void ask_myself_by_the_guard() {
    gangway::runtime::getm()->curg->preempt = true;
    gangway::runtime::set_stackguard(stack_preempt);
}

bool asked() {
    return stackguard() == stack_preempt;
}

std::uint64_t preemptions() {
    return gangway::read_mem_stats().preemptions;
}

// How often this goroutine has yielded since, on its own request. On a busy machine the monitor may have asked as well.
class own_preemptions {
public:
    void expect(std::uint64_t n) const {
        const gangway::mem_stats now = gangway::read_mem_stats();
        EXPECT_GE(now.preemptions, from_.preemptions + n);
        EXPECT_LE(now.preemptions - from_.preemptions, n + now.preempt_requests - from_.preempt_requests);
    }

private:
    gangway::mem_stats from_ = gangway::read_mem_stats();
};

// --- being preempted

// A goroutine that calls functions for ever, with one p: the other one runs all the same. TestPreemption
TEST(preempt, a_goroutine_that_only_computes_lets_others_run) {
    test::run_and_check(test::with_ps(1), [] {
        std::atomic<bool> stop{false};
        gangway::wait_group wg;
        wg.go([&] { preemptible::spin_until(stop); });
        gangway::gosched();  // it spins now, and this comes back only because it is preempted
        stop = true;
        wg.wait();
    });
}

// TestPreemption: five in turn.
TEST(preempt, five_that_only_call_small_functions_hand_over_in_turn) {
    test::run_and_check(test::with_ps(1), [] {
        constexpr int n = 5, turns = 4;
        std::atomic<int> turn{0};
        gangway::wait_group wg;
        for (int i = 0; i < n; i++) {
            wg.go([&, i] {
                for (int t = 0; t < turns; t++) {
                    while (turn.load() != t * n + i) preemptible::touch();
                    turn++;
                }
            });
        }
        wg.wait();
        EXPECT_EQ(turn.load(), n * turns);
    });
}

// TestPreemptionGC
TEST(preempt, the_world_stops_while_five_compute) {
    test::run_and_check(test::with_ps(5), [] {
        std::atomic<bool> stop{false};
        gangway::wait_group wg;
        for (int i = 0; i < 5; i++) wg.go([&] { preemptible::spin_until(stop); });
        for (int i = 0; i < 10; i++) {
            gangway::gosched();
            gangway::read_mem_stats();
        }
        stop = true;
        wg.wait();
    });
}

// AsyncPreempt, as the limit that is documented: code without prologues, calls or preempt_point() is asked and does not
// hear it.
TEST(preempt, code_that_is_not_preemptible_is_not_preempted) {
    test::run_and_check(test::with_ps(1), [] {
        std::atomic<bool> stop{false}, other_ran{false};
        std::atomic<std::uint64_t> before{~std::uint64_t{0} - 2};
        std::thread outside([&] {
            while (sched.preempt_requests.load() < before + 2) std::this_thread::yield();
            stop = true;
        });
        gangway::go([&] { other_ran = true; });
        before = sched.preempt_requests.load();  // from here on nothing hears of one
        while (!stop) {
        }
        EXPECT_FALSE(other_ran);
        gangway::preempt_point();  // and here it does
        EXPECT_TRUE(other_ran);
        outside.join();
    });
}

// T27105: within 75 % of each other, on one p.
TEST(preempt, two_that_compute_share_one_p) {
    test::run_and_check(test::with_ps(1), [] {
        std::atomic<bool> stop{false};
        // Turns, and not rounds: how many of those a turn has is for the machine's other work to say.
        std::atomic<int> last{-1};
        int turns[2] = {};
        const std::uint64_t before = preemptions();
        gangway::wait_group wg;
        for (int me = 0; me < 2; me++) {
            wg.go([&, me] {
                while (!stop) {
                    if (last.exchange(me) != me) turns[me]++;
                    preemptible::touch();
                }
            });
        }
        EXPECT_TRUE(test::yield_until([&] { return preemptions() > before + 20; }));
        stop = true;
        wg.wait();
        EXPECT_GE(4 * std::min(turns[0], turns[1]), std::max(turns[0], turns[1]));
        EXPECT_GT(turns[0], 2);
    });
}

GOROUTINE_TEST(preempt, queens_while_asked_all_the_time) {
    std::atomic<bool> stop{false};
    gangway::wait_group asker;
    asker.go([&] {
        while (!stop) gangway::gomaxprocs(1 + gangway::gomaxprocs() % 4);
    });
    std::vector<gangway::task<int>> tasks;
    for (int i = 0; i < 8; i++) tasks.push_back(gangway::spawn([] { return preemptible::queens(8); }));
    for (auto& t : tasks) EXPECT_EQ(t.join(), 92);
    stop = true;
    asker.wait();
    gangway::gomaxprocs(test::ps());
}

// --- what __morestack keeps

using check_fn = bool (*)(const std::function<void()>&);

void keeps(check_fn check) {
    const std::uint64_t before = preemptions();
    gangway::wait_group wg;
    wg.go([&] {
        for (int i = 0; i < 100; i++) EXPECT_TRUE(check(&ask_myself));
    });
    wg.wait();
    EXPECT_GE(preemptions(), before + 100);
}

GOROUTINE_TEST(morestack, keeps_integers) {
    keeps(&preemptible::keeps_integers);
}
GOROUTINE_TEST(morestack, keeps_doubles) {
    keeps(&preemptible::keeps_doubles);
}
GOROUTINE_TEST(morestack, keeps_vectors) {
    if (!__builtin_cpu_supports("avx")) GTEST_SKIP() << "the processor has no AVX";
    keeps(&preemptible::keeps_vectors);
}
GOROUTINE_TEST(morestack, keeps_structs_and_the_result_s_place) {
    keeps(&preemptible::keeps_structs);
}
GOROUTINE_TEST(morestack, keeps_arguments_on_the_stack) {
    keeps(&preemptible::keeps_stack_arguments);
}
GOROUTINE_TEST(morestack, keeps_a_large_frame) {
    keeps(&preemptible::keeps_a_large_frame);
}

// From Clang these have no prologue, and are called all the same.
GOROUTINE_TEST(morestack, keeps_variadic_arguments) {
    for (int i = 0; i < 100; i++) {
        EXPECT_TRUE(preemptible::keeps_variadic_arguments(&ask_myself));
        ask_myself();
        EXPECT_EQ(preemptible_sum(8, 1, 2, 3, 4, 5, 6, 7, 8), 36);
        preemptible::touch();
    }
}

GOROUTINE_TEST(morestack, keeps_the_frame_of_a_nested_function) {
    for (int i = 0; i < 100; i++) {
        auto ask = [](void*) { ask_myself(); };
        EXPECT_EQ(preemptible_nested(40, ask, nullptr), 43);
        preemptible::touch();
    }
}

GOROUTINE_TEST(morestack, gives_alloca_memory_while_the_guard_is_poisoned) {
    for (int i = 0; i < 100; i++) {
        EXPECT_EQ(preemptible::sum_in_alloca(1000, &ask_myself), 3000U);
        preemptible::touch();
    }
}

GOROUTINE_TEST(morestack, gives_alloca_more_than_the_stack_has) {
    gangway::wait_group wg;
    wg.go([] {
        for (int i = 0; i < 20; i++) EXPECT_EQ(preemptible::sum_in_alloca(2 << 20, [] {}), 6U << 20);
    });
    wg.wait();
}

GOROUTINE_TEST(morestack, runs_close_to_the_end_of_the_stack) {
    const int deepest = test::under_sanitizer ? 200 : 2000;
    for (int depth = 0; depth < deepest; depth += 7) {
        ask_myself();
        EXPECT_EQ(preemptible::recurse(depth), depth);
    }
    EXPECT_EQ(preemptible::recurse_in_large_frames(30), 30);
}

// --- requests that have to wait. One test for each place that sets the guard again; without that place's line its test
// fails.

// m_lock::unlock
GOROUTINE_TEST(restore, at_unlock) {
    gangway::runtime::m_lock lock{gangway::runtime::lock_rank::channel};
    ask_myself();
    lock.lock();
    preemptible::touch();
    EXPECT_FALSE(asked()) << "put off";
    lock.unlock();
    EXPECT_TRUE(asked());
    const own_preemptions here;
    preemptible::touch();
    here.expect(1);
}

// The same where it comes from: a value's move constructor under a channel's lock.
GOROUTINE_TEST(restore, after_a_channel_s_lock) {
    gangway::chan<preemptible::touches_when_moved> c(1);
    preemptible::touches_when_moved value(1);
    for (int i = 0; i < 100; i++) {
        ask_myself();
        ASSERT_TRUE(c.try_send(value));
        std::optional<preemptible::touches_when_moved> got;
        ask_myself();
        ASSERT_TRUE(c.try_recv(got));
        EXPECT_EQ(got->value, 1);
    }
}

// While it lives each allocation that the runtime makes for this goroutine runs preemptible code; counts those where a
// request had to be put off.
class asking_allocations {
public:
    asking_allocations() {
        preemptible::on_allocation = [this] {
            if (busy_ || gangway::goid() != mine_ || gangway::runtime::preempt_off_depth() == 0) return;
            busy_ = true;
            preemptible::touch();
            busy_ = false;
            if (!asked()) put_off_++;
        };
    }
    ~asking_allocations() { preemptible::on_allocation = nullptr; }
    asking_allocations(const asking_allocations&) = delete;
    asking_allocations& operator=(const asking_allocations&) = delete;

    int put_off() const { return put_off_; }

private:
    const std::uint64_t mine_ = gangway::goid();
    bool busy_ = false;
    int put_off_ = 0;
};

// The ms that could be woken, out of sight: whoever wants one has to make it.
class no_ms_at_hand {
public:
    no_ms_at_hand() {
        std::lock_guard lock(sched.lock);
        idle_ = std::exchange(sched.midle, nullptr);
        for (m* mp = idle_; mp != nullptr; mp = mp->schedlink) mp->idle = false;
        sched.nmidle = 0;
        free_ = std::exchange(sched.mfree, nullptr);
    }
    ~no_ms_at_hand() {
        std::lock_guard lock(sched.lock);
        while (idle_ != nullptr) gangway::runtime::mput(std::exchange(idle_, idle_->schedlink));
        append(sched.mfree, free_);
    }
    no_ms_at_hand(const no_ms_at_hand&) = delete;
    no_ms_at_hand& operator=(const no_ms_at_hand&) = delete;

private:
    static void append(m*& list, m* more) {
        m** end = &list;
        while (*end != nullptr) end = &(*end)->schedlink;
        *end = more;
    }
    m* idle_;
    m* free_;
};

// goready and newproc wake an m with an idle p in their hands: startm.
TEST(restore, after_newproc_and_ready) {
    test::run_and_check(test::with_ps(32), [] {
        asking_allocations allocations;
        // Not each of them has to wake one: others may be looking for work, and may have no CPU for it just now.
        EXPECT_TRUE(test::yield_until([&] {
            no_ms_at_hand none;
            ask_myself_by_the_guard();
            const std::uint64_t before =
                sched.preempt_requests.load();  // the monitor's: it would be granted on the way
            gangway::go([] {});
            EXPECT_TRUE(asked() || allocations.put_off() == 0 || sched.preempt_requests.load() != before);
            return allocations.put_off() > 0;
        }));
    });
    gangway::run(test::with_ps(test::ps()), [] {});
}

// allocm, under sched.lock.
GOROUTINE_TEST(restore, after_allocm) {
    asking_allocations allocations;
    std::vector<m*> made;
    made.reserve(1000);
    for (int i = 0; i < 1000 && allocations.put_off() == 0; i++) {
        ask_myself_by_the_guard();
        sched.lock.lock();
        made.push_back(gangway::runtime::allocm());
        sched.lock.unlock();
        EXPECT_TRUE(asked());
    }
    EXPECT_GT(allocations.put_off(), 0);
    sched.lock.lock();
    for (m* mp : made) {
        gangway::runtime::uncountm(mp);
        gangway::runtime::freem(mp);
    }
    sched.lock.unlock();
}

// The world is stopped while a p is made.
TEST(restore, after_starttheworld) {
    static int more = 300;  // than any run of this program had
    test::run_and_check(test::with_ps(1), [] {
        asking_allocations allocations;
        ask_myself_by_the_guard();
        gangway::gomaxprocs(++more);
        EXPECT_GT(allocations.put_off(), 0);
        EXPECT_TRUE(asked());
    });
    gangway::run(test::with_ps(test::ps()), [] {});
}

// The allocator of stacks: the first of a new size, on g0 under stacks_lock.
GOROUTINE_TEST(restore, at_the_allocator_s_end) {
    static std::size_t size = 300 << 10;
    gangway::runtime::store_relaxed(sched.stack_size, size += 4096);
    {
        asking_allocations allocations;
        ask_myself_by_the_guard();
        gangway::runtime::g* made = gangway::runtime::gfget(nullptr);
        EXPECT_GT(allocations.put_off(), 0);
        EXPECT_TRUE(asked());
        gangway::runtime::gfput(nullptr, made);
    }
    gangway::runtime::store_relaxed(sched.stack_size, gangway::options{}.stack_size);
}

void poison_without_asking() {
    gangway::runtime::set_stackguard(stack_preempt);
}

// Code of -fsplit-stack that runs on g0 puts the guard out of its way.
GOROUTINE_TEST(restore, on_the_way_out_of_a_call) {
    poison_without_asking();
    gangway::call([] {
        preemptible::touch();
        EXPECT_EQ(stackguard(), 0U);
    });
    EXPECT_EQ(stackguard(), gangway::runtime::getm()->curg->stackguard);

    SCOPED_TRACE("a request that came in C");
    const own_preemptions here;
    gangway::call([] {
        ask_myself();
        preemptible::touch();
        EXPECT_EQ(stackguard(), 0U);
    });
    here.expect(1);
}

GOROUTINE_TEST(restore, on_the_way_out_of_a_call_whose_p_was_taken) {
    poison_without_asking();
    gangway::blocking_call([] {
        preemptible::touch();
        EXPECT_EQ(stackguard(), 0U);
    });
    EXPECT_EQ(stackguard(), gangway::runtime::getm()->curg->stackguard);
}

GOROUTINE_TEST(restore, in_a_callback) {
    poison_without_asking();
    gangway::userdata_callback<void(void*), 0> cb([] {
        EXPECT_EQ(stackguard(), gangway::runtime::getm()->curg->stackguard);
        ask_myself();
        preemptible::touch();  // yields
        EXPECT_FALSE(asked());
        EXPECT_EQ(preemptible::recurse(20), 20);
    });
    gangway::call([&] {
        preemptible::touch();
        cb.fn()(cb.data());
    });
}

GOROUTINE_TEST(preempt_guard, puts_a_request_off_until_it_ends) {
    const own_preemptions here;
    {
        gangway::preempt_guard outer;
        {
            gangway::preempt_guard inner;
            ask_myself();
            preemptible::touch();
            gangway::preempt_point();
            gangway::call([] {});
            gangway::chan<int> c(1);
            c.send(1);
        }
        preemptible::touch();
        EXPECT_TRUE(gangway::runtime::getm()->curg->preempt.load());
    }
    here.expect(1);
}

GOROUTINE_TEST(preempt_guard, does_not_keep_what_parks_from_parking) {
    gangway::chan<int> c;
    gangway::preempt_guard guard;
    gangway::go([c]() mutable { c.send(1); });
    EXPECT_EQ(c.recv(), 1);
}

TEST(preempt_guard, is_nothing_off_a_goroutine) {
    gangway::preempt_guard guard;
    preemptible::touch();
}

// A thread that has been inside run() keeps no goroutine's guard.
TEST(preempt, a_thread_that_left_run_has_no_guard) {
    gangway::run([] { preemptible::touch(); });
    EXPECT_EQ(stackguard(), 0U);
    EXPECT_EQ(preemptible::recurse(1000), 1000);
}

}  // namespace
