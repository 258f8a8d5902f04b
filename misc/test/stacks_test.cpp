// SPDX-License-Identifier: BSD-3-Clause
// stacks(): every goroutine with its frames, whatever it is doing.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "c/block.h"
#include "c/callback.h"
#include "c/hold.h"
#include "c/nested.h"
#include "fixture.hpp"

#define NOT_INLINED __attribute__((noinline))

namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The entry of the goroutine of that id, or nothing.
std::string entry_of(const std::string& all, std::uint64_t id) {
    const std::string head = "goroutine " + std::to_string(id) + " [";
    std::size_t at = all.rfind(head, 0) == 0 ? 0 : all.find("\n" + head);
    if (at == std::string::npos) return "";
    if (at != 0) at++;
    return all.substr(at, all.find("\n\n", at) - at + 1);
}

// Whether the names come in this order, each after the one before.
bool in_order(const std::string& entry, const std::vector<std::string>& names) {
    std::size_t at = 0;
    for (const std::string& name : names) {
        at = entry.find(name, at);
        if (at == std::string::npos) return false;
        at += name.size();
    }
    return true;
}

int count(const std::string& text, const std::string& what) {
    int n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) n++;
    return n;
}

NOT_INLINED void waits_on_channel(gangway::chan<int>& c) {
    c.recv();
    asm volatile("");
}

// Until its entry says what it shall, for it may not have come there yet.
template <class Predicate>
std::string stacks_until(Predicate is_there) {
    std::string all;
    EXPECT_TRUE(test::yield_until([&] {
        all = gangway::stacks();
        return is_there(all);
    })) << all;
    return all;
}

template <class F>
void go_with_id(std::uint64_t& id, F f) {
    gangway::chan<std::uint64_t> told(1);
    gangway::go([told, f]() mutable {
        told.send(gangway::goid());
        f();
    });
    id = *told.recv();
}

GOROUTINE_TEST(stacks, parked_goroutine_shows_its_own_functions) {
    gangway::chan<int> c;
    std::uint64_t id = 0;
    go_with_id(id, [c]() mutable { waits_on_channel(c); });
    const std::string all = stacks_until(
        [&](const std::string& s) { return entry_of(s, id).find("[chan receive") != std::string::npos; });
    const std::string entry = entry_of(all, id);
    EXPECT_THAT(entry, ContainsRegex("waits_on_channel\\(gangway::chan<int>&\\)[^\n]*\n\t"));
    EXPECT_THAT(entry, ContainsRegex("stacks_test.cpp:[0-9]+ \\+0x[0-9a-f]+\n"));
    EXPECT_THAT(entry, Not(HasSubstr("gopark")));
    EXPECT_THAT(entry, Not(HasSubstr("gangway::runtime")));
    c.close();
}

TEST(stacks, goroutine_that_has_not_run_names_its_function) {
    test::run_and_check(test::with_ps(1), [] {
        gangway::chan<int> c;
        gangway::go([c]() mutable { waits_on_channel(c); });
        const std::string all = gangway::stacks();
        const std::size_t others = all.find("\n\n");  // the caller's own comes first, and has that name too
        ASSERT_NE(std::string::npos, others);
        EXPECT_THAT(all.substr(others), HasSubstr("goroutine_that_has_not_run_names_its_function"));
        c.close();
        EXPECT_TRUE(test::until_alone());
    });
}

// --- over the bridge. callback.go:testCallbackCallers

std::string seen_in_callback;

NOT_INLINED int callback_of_test(void*) {
    seen_in_callback = gangway::stacks();
    return 1;
}

NOT_INLINED void caller_of_test() {
    gangway::call<&::outer_in_c>(gangway::exported<&callback_of_test>, nullptr);
    asm volatile("");
}

NOT_INLINED void root_of_test() {
    caller_of_test();
    asm volatile("");
}

GOROUTINE_TEST(stacks, CallbackCallers) {
    root_of_test();
    const std::string entry = entry_of(seen_in_callback, gangway::goid());
    EXPECT_TRUE(in_order(entry, {"callback_of_test(", "cgocallback(", "inner_in_c(", "outer_in_c(", "cgocall(",
                                 "caller_of_test(", "root_of_test("}))
        << entry;
}

// tracebackctxt.go: C's frames between two levels of callback
NOT_INLINED std::int64_t level(std::int64_t depth) {
    if (depth == 0) {
        seen_in_callback = gangway::stacks();
        return 0;
    }
    const std::int64_t below = gangway::call<&::descend>(gangway::exported<&level>, depth);
    asm volatile("");
    return below + 1;
}

GOROUTINE_TEST(stacks, c_frames_between_levels_of_callback) {
    level(3);
    const std::string entry = entry_of(seen_in_callback, gangway::goid());
    std::vector<std::string> names = {"level(long)"};
    for (int i = 0; i < 3; i++) names.insert(names.end(), {"cgocallback(", "descend(", "cgocall(", "level(long)"});
    EXPECT_TRUE(in_order(entry, names)) << entry;
    EXPECT_EQ(3, count(entry, "descend("));
    EXPECT_EQ(4, count(entry, "level(long)"));
}

NOT_INLINED void calls_c_that_calls_back(gangway::chan<int>& c) {
    gangway::userdata_callback<int(void*), 0> cb([&] {
        waits_on_channel(c);
        return 0;
    });
    gangway::call<&::outer_in_c>(cb.fn(), cb.data());
    asm volatile("");
}

GOROUTINE_TEST(stacks, parked_in_a_callback) {
    gangway::chan<int> c;
    std::uint64_t id = 0;
    go_with_id(id, [c]() mutable { calls_c_that_calls_back(c); });
    const std::string all = stacks_until(
        [&](const std::string& s) { return entry_of(s, id).find("[chan receive") != std::string::npos; });
    const std::string entry = entry_of(all, id);
    EXPECT_THAT(entry, HasSubstr("locked to thread]"));
    EXPECT_TRUE(in_order(entry, {"waits_on_channel(", "cgocallback(", "inner_in_c(", "outer_in_c(", "cgocall(",
                                 "calls_c_that_calls_back("}))
        << entry;
    c.close();
}

// --- threads that run

NOT_INLINED void calls_spinning_c(int* here, int* stop) {
    gangway::call<&::spin_in_c>(here, stop);
    asm volatile("");
}

GOROUTINE_TEST(stacks, c_that_spins) {
    int here = 0;
    int stop = 0;
    std::uint64_t id = 0;
    go_with_id(id, [&] { calls_spinning_c(&here, &stop); });
    ASSERT_TRUE(test::yield_until([&] { return __atomic_load_n(&here, __ATOMIC_SEQ_CST) == 1; }));
    const std::string entry = entry_of(gangway::stacks(), id);
    EXPECT_THAT(entry, HasSubstr("[syscall"));
    EXPECT_TRUE(in_order(entry, {"spin_in_c(", "cgocall(", "calls_spinning_c("})) << entry;
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    EXPECT_TRUE(test::until_alone());
}

class pipe_ends {
public:
    pipe_ends() { EXPECT_EQ(0, ::pipe2(fds_.data(), O_CLOEXEC)); }
    ~pipe_ends() {
        ::close(fds_[0]);
        ::close(fds_[1]);
    }
    pipe_ends(const pipe_ends&) = delete;
    pipe_ends& operator=(const pipe_ends&) = delete;
    [[nodiscard]] int reads() const { return fds_[0]; }
    [[nodiscard]] int writes() const { return fds_[1]; }

private:
    std::array<int, 2> fds_{};
};

NOT_INLINED long calls_sleeping_c(int fd) {
    const long n = gangway::call<&::sleep_in_read>(fd, 100);
    asm volatile("");
    return n;
}

// Its system call goes on: no signal was sent.
GOROUTINE_TEST(stacks, c_that_sleeps_is_not_disturbed) {
    pipe_ends p;
    std::uint64_t id = 0;
    gangway::chan<long> result(1);
    go_with_id(id, [&p, result]() mutable { result.send(calls_sleeping_c(p.reads())); });
    // It may be on its way to read().
    const std::string all = stacks_until([&](const std::string& s) {
        return in_order(entry_of(s, id), {"read(", "read_into("});
    });
    EXPECT_TRUE(
        in_order(entry_of(all, id), {"read(", "read_into(", "sleep_in_read(", "cgocall(", "calls_sleeping_c("}))
        << all;
    EXPECT_EQ(1, ::write(p.writes(), "x", 1));
    EXPECT_EQ(1, *result.recv());
}

// C that sleeps on the second level: C's frames of both, and the callback's between them.
NOT_INLINED int sleeps_in_callback(void* fd) {
    const long n = calls_sleeping_c(*static_cast<int*>(fd));
    asm volatile("");
    return static_cast<int>(n);
}

GOROUTINE_TEST(stacks, c_that_sleeps_below_a_callback) {
    pipe_ends p;
    std::uint64_t id = 0;
    gangway::chan<int> result(1);
    go_with_id(id, [&p, result]() mutable {
        int fd = p.reads();
        result.send(gangway::call<&::outer_in_c>(gangway::exported<&sleeps_in_callback>, static_cast<void*>(&fd)));
    });
    const std::string all = stacks_until(
        [&](const std::string& s) { return entry_of(s, id).find("read_into(") != std::string::npos; });
    EXPECT_TRUE(in_order(entry_of(all, id),
                         {"read_into(", "sleep_in_read(", "cgocall(", "calls_sleeping_c(", "sleeps_in_callback(",
                          "cgocallback(", "inner_in_c(", "outer_in_c(", "cgocall("}))
        << all;
    EXPECT_EQ(1, ::write(p.writes(), "x", 1));
    EXPECT_EQ(3, *result.recv());
}

NOT_INLINED void spins_in_goroutine(std::atomic<int>& here, std::atomic<bool>& stop) {
    here++;
    while (!stop.load(std::memory_order_relaxed)) {
    }
    asm volatile("");
}

GOROUTINE_TEST(stacks, tight_loops) {
    const int n = std::min(test::ps() - 1, 3);  // one p is for who looks
    if (n == 0) GTEST_SKIP() << "needs two ps";
    std::atomic<int> here = 0;
    std::atomic<bool> stop = false;
    std::vector<std::uint64_t> ids(static_cast<std::size_t>(n));
    for (auto& id : ids) go_with_id(id, [&] { spins_in_goroutine(here, stop); });
    EXPECT_TRUE(test::yield_until([&] { return here.load() == n; }));
    const std::string all = gangway::stacks();
    stop = true;
    for (auto id : ids) {
        EXPECT_THAT(entry_of(all, id), HasSubstr("[running")) << all;
        EXPECT_THAT(entry_of(all, id), HasSubstr("spins_in_goroutine(")) << all;
    }
    EXPECT_TRUE(test::until_alone());
}

GOROUTINE_TEST(stacks, a_spinning_thread_that_blocks_the_signal_is_said_to) {
    int here = 0;
    int stop = 0;
    std::uint64_t id = 0;
    go_with_id(id, [&] { gangway::call<&::spin_with_signal_blocked>(&here, &stop); });
    ASSERT_TRUE(test::yield_until([&] { return __atomic_load_n(&here, __ATOMIC_SEQ_CST) == 1; }));
    const std::string entry = entry_of(gangway::stacks(), id);
    EXPECT_THAT(entry, HasSubstr("[syscall"));
    EXPECT_THAT(entry, HasSubstr("it blocks SIGURG"));
    EXPECT_THAT(entry, HasSubstr("cgocall(")) << "the goroutine's own frames are known";
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    EXPECT_TRUE(test::until_alone());
}

// --- the signal is taken for the time of a report only

void handles(int) {}

GOROUTINE_TEST(stacks, signal_is_put_back) {
    struct sigaction now {};
    int here = 0;
    int stop = 0;
    std::uint64_t id = 0;
    go_with_id(id, [&] { calls_spinning_c(&here, &stop); });
    ASSERT_TRUE(test::yield_until([&] { return __atomic_load_n(&here, __ATOMIC_SEQ_CST) == 1; }));
    EXPECT_THAT(entry_of(gangway::stacks(), id), HasSubstr("spin_in_c("));
    ASSERT_EQ(0, ::sigaction(SIGURG, nullptr, &now));
    EXPECT_EQ(SIG_DFL, now.sa_handler);

    struct sigaction own {};
    own.sa_handler = &handles;
    ASSERT_EQ(0, ::sigaction(SIGURG, &own, nullptr));
    const std::string entry = entry_of(gangway::stacks(), id);
    EXPECT_THAT(entry, HasSubstr("SIGURG handler of its own"));
    EXPECT_THAT(entry, HasSubstr("calls_spinning_c("));
    ASSERT_EQ(0, ::sigaction(SIGURG, nullptr, &now));
    EXPECT_EQ(&handles, now.sa_handler);
    own.sa_handler = SIG_DFL;
    ASSERT_EQ(0, ::sigaction(SIGURG, &own, nullptr));
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    EXPECT_TRUE(test::until_alone());
}

// --- the text

NOT_INLINED int deep(int depth, const std::function<void()>& at_the_bottom) {
    if (depth == 0) {
        at_the_bottom();
        return 0;
    }
    const int below = deep(depth - 1, at_the_bottom);
    asm volatile("");
    return below + 1;
}

GOROUTINE_TEST(stacks, deep_stack_has_both_ends) {
    std::string all;
    deep(300, [&] { all = gangway::stacks(); });
    const std::string entry = entry_of(all, gangway::goid());
    EXPECT_THAT(entry, ContainsRegex("\\.\\.\\.[0-9]+ frames left out\\.\\.\\.\n"));
    EXPECT_LT(count(entry, "deep("), 200);
    EXPECT_THAT(entry, HasSubstr("deep_stack_has_both_ends_body"));
}

GOROUTINE_TEST(stacks, own_entry_comes_first) {
    EXPECT_THAT(gangway::stacks(), StartsWith("goroutine " + std::to_string(gangway::goid()) + " [running"));
}

GOROUTINE_TEST(stacks, write_stacks_to_a_descriptor) {
    std::array<int, 2> fds{};
    ASSERT_EQ(0, ::pipe2(fds.data(), O_CLOEXEC));
    gangway::write_stacks(fds[1]);
    ::close(fds[1]);
    char start[10] = {};
    EXPECT_EQ(9, ::read(fds[0], start, 9));
    EXPECT_STREQ("goroutine", start);
    ::close(fds[0]);
    EXPECT_THROW(gangway::write_stacks(-1), std::system_error);
}

TEST(stacks, on_a_thread_that_is_not_the_runtimes) {
    gangway::run(test::with_ps(test::ps()), [] {});
    EXPECT_NO_THROW(gangway::stacks());
}

// --- many at once. gprof.go:GoroutineProfile, issue9321.go

int parks_in_callback(int n) {
    gangway::gosched();
    return n;
}

GOROUTINE_TEST(stacks, many_at_once_beside_calls_and_callbacks) {
    std::atomic<bool> stop = false;
    gangway::wait_group busy;
    for (int i = 0; i < 8; i++) {
        busy.add(1);
        gangway::go([&] {
            while (!stop.load()) {
                gangway::call<&::count_failures>(gangway::exported<&parks_in_callback>, 20);
                gangway::call<&::sleep_ms>(1);
            }
            busy.done();
        });
    }
    for (int round = 0; round < test::sized(10, 5); round++) {
        gangway::wait_group dumps;
        std::atomic<int> good = 0;
        dumps.add(2);
        for (int i = 0; i < 2; i++) {
            gangway::go([&] {
                for (int j = 0; j < test::sized(10, 5); j++) good += gangway::stacks().rfind("goroutine ", 0) == 0;
                dumps.done();
            });
        }
        dumps.wait();
        EXPECT_EQ(2 * test::sized(10, 5), good.load());
    }
    stop = true;
    busy.wait();
}

// tracebackctxt.go: callbacks within callbacks on ten goroutines, which others take turns with, while somebody looks.
int yields_in_callback(void* depth) {
    const int left = *static_cast<const int*>(depth) - 1;
    if (left % 2 == 0) gangway::gosched();
    int below = left;
    if (left > 0) gangway::call<&::outer_in_c>(gangway::exported<&yields_in_callback>, static_cast<void*>(&below));
    return 0;
}

GOROUTINE_TEST(stacks, ten_times_many_callbacks_while_somebody_looks) {
    const int n = test::sized(100'000, 5'000);
    std::atomic<int> ended = 0;
    gangway::wait_group done;
    for (int i = 0; i < 10; i++) {
        done.go([&] {
            for (int j = 0; j < n; j += 2) {
                int depth = 2;
                gangway::call<&::outer_in_c>(gangway::exported<&yields_in_callback>, static_cast<void*>(&depth));
            }
            ended++;
        });
    }
    while (ended.load() < 10) {
        const std::string all = gangway::stacks();
        EXPECT_EQ(0U, all.rfind("goroutine ", 0));
        EXPECT_EQ(std::string::npos, all.find("makes no sense")) << all;
        for (int i = 0; i < 100; i++) gangway::gosched();
    }
    done.wait();
}

// libunwind has an implementation of what exceptions use too. It must not take libgcc's place.
TEST(stacks, exceptions_are_not_the_tracebacks_librarys) {
    void* raise = ::dlsym(RTLD_DEFAULT, "_Unwind_RaiseException");
    ASSERT_NE(nullptr, raise);
    Dl_info info{};
    ASSERT_NE(0, ::dladdr(raise, &info));
    EXPECT_THAT(info.dli_fname, Not(HasSubstr("libunwind.so.8")));
}

}  // namespace
