// SPDX-License-Identifier: BSD-3-Clause
// How programs end that cannot go on: each of testprog/ in a process of its own, with a time limit.
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testprog.hpp"

namespace {

using test::occurrences;
using test::run_testprog;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// It ends in SIGABRT with one report that has `line`, and after it the goroutines.
void expect_fatal(const test::ended& e, const std::string& line) {
    EXPECT_EQ(SIGABRT, e.signal) << e.err;
    EXPECT_THAT(e.err, HasSubstr("fatal error: " + line));
    EXPECT_EQ(1, occurrences(e.err, "fatal error:")) << e.err;
    EXPECT_EQ("", e.out);
}

// "chan receive", and for how long where that was a second or more.
void expect_goroutine(const test::ended& e, const std::string& state, const std::string& rest = "") {
    EXPECT_THAT(e.err, ContainsRegex("\ngoroutine [0-9]+ \\[" + state + "(, [0-9]+ [a-z]+)?" + rest + "\\]:\n"));
}

void expect_exit(const test::ended& e, int code, const std::string& out) {
    EXPECT_EQ(0, e.signal) << e.err;
    EXPECT_EQ(code, e.code) << e.err;
    EXPECT_EQ(out, e.out);
    EXPECT_EQ("", e.err);
}

// The process ends as usual; a child of it wrote `line` and nothing else.
void expect_exit_with(const test::ended& e, const std::string& out, const std::string& line) {
    EXPECT_EQ(0, e.signal) << e.err;
    EXPECT_EQ(0, e.code) << e.err;
    EXPECT_EQ(out, e.out);
    EXPECT_EQ(line, e.err);
}

// --- threads that are libraries' own

TEST(pinned, misuse) {
    expect_fatal(run_testprog("pinned_thread_destroyed_on_itself"), "pinned_thread destroyed on its own thread\n");
    expect_fatal(run_testprog("pinned_run_in_c"),
                 "pinned_thread::run: not on a goroutine's stack (inside C, only a callback may block)\n");
    expect_fatal(run_testprog("event_loop_destroyed_while_run_waits"),
                 "event_loop destroyed while somebody waits in its run()\n");
    expect_fatal(run_testprog("event_loop_destroyed_while_exec_runs"), "event_loop destroyed while exec() runs\n");
    expect_fatal(run_testprog("run_posted_on_another_thread"),
                 "event_loop::run_posted: not on the loop's thread\n");
}

TEST(pinned, exception_in_post) {
    const auto e = run_testprog("exception_in_pinned_post");
    EXPECT_THAT(e.err, ContainsRegex(
                           "fatal error: uncaught exception in goroutine [0-9]+: std::runtime_error: nobody's\n"));
    EXPECT_EQ(SIGABRT, e.signal);
}

TEST(pinned, post_in_a_signal_handler) {
    if (test::under_tsan) GTEST_SKIP() << "it calls handlers where there is no signal";
    expect_fatal(run_testprog("post_in_a_signal_handler"), "post: called in a signal handler\n");
    expect_fatal(run_testprog("post_in_a_signal_handler_in_c"), "post: called in a signal handler\n");
}

TEST(pinned, loopwait_names_what_the_loop_waits_for) {
    const auto e = run_testprog("event_loop_stands_still_until_it_is_told", {"GANGWAY_DEBUG=loopwait=20"});
    EXPECT_EQ(0, e.code) << e.err;
    EXPECT_THAT(e.err,
                ContainsRegex("gangway: an event loop has stood still for [0-9]+ ms, while its goroutine waits:\n"
                              "goroutine [0-9]+ \\[chan receive(, [0-9]+ [a-z]+)?, locked to thread\\]:\n"));
    EXPECT_THAT(e.err, HasSubstr("testprog/pinned.cpp:"));
    EXPECT_EQ(1, occurrences(e.err, "gangway: an event loop")) << e.err;
    const auto off = run_testprog("event_loop_stands_still");
    EXPECT_EQ(0, off.code);
    EXPECT_EQ("", off.err);
}

// --- deadlocks

constexpr const char* deadlock = "all goroutines are asleep - deadlock!\n";

TEST(deadlock, SimpleDeadlock) {
    const auto e = run_testprog("simple_deadlock");
    EXPECT_THAT(e.err, StartsWith("fatal error: all goroutines are asleep - deadlock!\n\ngoroutine "));
    expect_fatal(e, deadlock);
    expect_goroutine(e, "chan receive");
}

TEST(deadlock, says_what_each_waits_for) {
    const auto sends = run_testprog("send_deadlock");
    expect_fatal(sends, deadlock);
    expect_goroutine(sends, "chan send");
    const auto locks = run_testprog("mutex_deadlock");
    expect_fatal(locks, deadlock);
    expect_goroutine(locks, "mutex lock");
    const auto waits = run_testprog("wait_group_deadlock");
    expect_fatal(waits, deadlock);
    expect_goroutine(waits, "wait_group wait");
    const auto shared = run_testprog("shared_mutex_deadlock");
    expect_fatal(shared, deadlock);
    expect_goroutine(shared, "shared_mutex lock");
    expect_goroutine(shared, "shared_mutex lock_shared");
    const auto recursive = run_testprog("shared_mutex_recursive_deadlock");
    expect_fatal(recursive, deadlock);
    expect_goroutine(recursive, "shared_mutex lock");
    expect_goroutine(recursive, "shared_mutex lock_shared");
    const auto condition = run_testprog("condition_variable_deadlock");
    expect_fatal(condition, deadlock);
    expect_goroutine(condition, "condition_variable wait");
    const auto permits = run_testprog("semaphore_deadlock");
    expect_fatal(permits, deadlock);
    expect_goroutine(permits, "semaphore acquire");
    const auto once = run_testprog("call_once_deadlock");
    expect_fatal(once, deadlock);
    expect_goroutine(once, "call_once");
}

TEST(deadlock, LockedDeadlock) {
    const auto e = run_testprog("locked_deadlock");
    expect_fatal(e, deadlock);
    expect_goroutine(e, "chan receive", ", locked to thread");
}

TEST(deadlock, LockedDeadlock2) {
    const auto e = run_testprog("locked_deadlock2");
    expect_fatal(e, deadlock);
    expect_goroutine(e, "chan receive", ", locked to thread");
    expect_goroutine(e, "chan receive");
    EXPECT_EQ(2, occurrences(e.err, "\ngoroutine ")) << e.err;
}

TEST(deadlock, pinned_threads_in_a_cycle) {
    const auto e = run_testprog("pinned_threads_in_a_cycle");
    expect_fatal(e, deadlock);
    EXPECT_EQ(3, occurrences(e.err, "[pinned_thread run")) << e.err;  // main and both threads
}

TEST(deadlock, bound_goroutine_waits_locked_for_another) {
    const auto e = run_testprog("bound_goroutine_waits_locked_for_another");
    expect_fatal(e, deadlock);
    expect_goroutine(e, "chan receive", ", locked to thread");
    expect_goroutine(e, "runnable, locked to thread");
}

TEST(deadlock, event_loop_never_run) {
    const auto e = run_testprog("event_loop_never_run");
    expect_fatal(e, deadlock);
    expect_goroutine(e, "event_loop run");
}

TEST(deadlock, after_work) {
    expect_fatal(run_testprog("deadlock_after_work"), deadlock);
    expect_fatal(run_testprog("deadlock_after_work", {"GANGWAY_IDLE_THREAD_MS=0"}), deadlock);
}

TEST(deadlock, after_idle_threads_have_ended) {
    expect_fatal(run_testprog("deadlock_after_threads_ended"), deadlock);
}

TEST(deadlock, in_a_callback) {
    expect_fatal(run_testprog("deadlock_in_callback"), deadlock);
}

TEST(deadlock, GoexitDeadlock) {
    const auto e = run_testprog("goexit_deadlock");
    expect_fatal(e, "no goroutines (main called goexit) - deadlock!\n");
    EXPECT_EQ(0, occurrences(e.err, "\ngoroutine ")) << e.err;
}

TEST(deadlock, GoexitExit) {
    expect_exit(run_testprog("goexit_exit"), 0, "");
}

TEST(deadlock, GoNil) {
    expect_fatal(run_testprog("go_nil"), "go of nil func value\n");
    expect_fatal(run_testprog("go_nil_function"), "go of nil func value\n");
}

// --- exceptions

TEST(uncaught, the_line_has_what) {
    const auto e = run_testprog("uncaught_exception");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_THAT(e.err, ContainsRegex("fatal error: [^\n]*the text of the exception"));
    EXPECT_THAT(e.err, ContainsRegex("fatal error: [^\n]*std::runtime_error"));
    EXPECT_EQ(1, occurrences(e.err, "fatal error:")) << e.err;
    expect_goroutine(e, "running");
    expect_goroutine(e, "chan receive");
}

TEST(uncaught, what_is_no_std_exception) {
    const auto e = run_testprog("uncaught_number");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_THAT(e.err, ContainsRegex("fatal error: [^\n]*uncaught exception[^\n]*int"));
}

TEST(uncaught, from_a_callback) {
    const auto e = run_testprog("uncaught_in_callback");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_THAT(e.err, ContainsRegex("fatal error: [^\n]*from a callback"));
    EXPECT_EQ(1, occurrences(e.err, "fatal error:")) << e.err;
}

// CgoPanicDeadlock, GoschedInPanic, SyscallInPanic
TEST(uncaught, CgoPanicDeadlock) {
    const auto e = run_testprog("uncaught_what_yields");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_THAT(e.err, ContainsRegex("fatal error: [^\n]*what\\(\\) that yields"));
}

TEST(uncaught, RecursivePanic) {
    const auto e = run_testprog("uncaught_nested");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_THAT(e.err, ContainsRegex("fatal error: [^\n]*the outer one"));
    EXPECT_THAT(e.err, HasSubstr("the inner one"));
}

TEST(uncaught, several_at_once_make_one_report) {
    const auto e = run_testprog("uncaught_twice");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_EQ(1, occurrences(e.err, "fatal error:")) << e.err;
}

TEST(goexit, swallowed_is_fatal_by_name) {
    const auto e = run_testprog("swallowed_goexit");
    expect_fatal(e, "goexit was swallowed by a catch (...)");
}

// PanicAfterGoexit: an exception that leaves a destructor during an unwind is C++'s to end.
TEST(goexit, exception_after_goexit) {
    const auto e = run_testprog("exception_after_goexit");
    EXPECT_EQ(SIGABRT, e.signal) << e.err;
    EXPECT_THAT(e.err, HasSubstr("hello"));
}

TEST(longjmp, over_a_callback_is_fatal_by_name) {
    if (test::under_tsan) GTEST_SKIP() << "the sanitizer's own longjmp ends the process first";
    for (const char* name : {"longjmp_over_callback", "longjmp_then_callback"}) {
        const auto e = run_testprog(name);
        EXPECT_EQ(SIGABRT, e.signal) << e.err;
        EXPECT_THAT(e.err, ContainsRegex("runtime: C left the callback [^\n]*jumps_over_itself"));
        EXPECT_THAT(e.err, HasSubstr("\nfatal error: longjmp across a callback\n"));
    }
    EXPECT_THAT(run_testprog("longjmp_over_callback").err,
                ContainsRegex("\nruntime: in the call [^\n]*jump_target"));
}

// --- threads that the runtime did not make

TEST(foreign, an_exception_without_a_handler_is_fatal) {
    const auto e = run_testprog("uncaught_in_foreign_callback");
    EXPECT_EQ(SIGABRT, e.signal) << e.err;
    EXPECT_THAT(e.err,
                ContainsRegex("fatal error: uncaught exception in a callback from a foreign thread, goroutine "
                              "[0-9]+: std::runtime_error: from a thread of C's\n"));
    const auto handler = run_testprog("foreign_exception_handler_throws");
    EXPECT_EQ(SIGABRT, handler.signal) << handler.err;
    EXPECT_THAT(
        handler.err,
        ContainsRegex("fatal error: [^\n]*handler, goroutine [0-9]+: std::logic_error: the handler's own\n"));
}

TEST(foreign, the_report_begins_with_the_thread_that_died) {
    for (const char* name : {"death_of_a_thread", "death_of_an_attached_thread"}) {
        const auto e = run_testprog(name);
        expect_fatal(e, "sync: unlock of unlocked mutex\n");
        EXPECT_THAT(e.err, ContainsRegex("\nthread [0-9]+ \\[running, no goroutine\\]:\n")) << name;
    }
}

TEST(foreign, longjmp_over_a_callback) {
    if (test::under_tsan) GTEST_SKIP() << "the sanitizer's own longjmp ends the process first";
    const auto again = run_testprog("longjmp_over_foreign_callback");
    EXPECT_EQ(SIGABRT, again.signal) << again.err;
    EXPECT_THAT(again.err, HasSubstr("\nfatal error: longjmp across a callback\n"));
    const auto ends = run_testprog("foreign_thread_ends_after_longjmp");
    EXPECT_EQ(SIGABRT, ends.signal) << ends.err;
    EXPECT_THAT(ends.err, HasSubstr("fatal error: dropm: the thread ends inside a callback"));
}

TEST(foreign, calls_at_the_processs_end_get_on_error) {
    for (int i = 0; i < 20; i++)
        expect_exit(run_testprog("exit_while_foreign_threads_call_in"), 0, "C got on_error\n");
}

TEST(foreign, no_deadlock_beside_one) {
    expect_exit(run_testprog("no_deadlock_beside_a_foreign_thread"), 0, "woken\n");
}

// --- stacks

TEST(overflow, StackOverflow) {
    for (const char* name : {"stack_overflow", "stack_overflow_small_frames", "stack_overflow_in_callback",
                             "stack_overflow_preemptible", "stack_overflow_preemptible_large_frames"}) {
        const auto e = run_testprog(name);
        EXPECT_THAT(e.err, ContainsRegex("goroutine stack exceeds 262144-byte limit")) << name;
        expect_fatal(e, "stack overflow\n");
    }
}

TEST(overflow, nested_callbacks_on_a_small_stack) {
    const auto e = run_testprog("nested_callbacks_overflow");
    EXPECT_THAT(e.err, ContainsRegex("goroutine stack exceeds 32768-byte limit"));
    expect_fatal(e, "stack overflow\n");
}

TEST(overflow, of_c_names_the_c_stack) {
    for (const char* name : {"c_stack_overflow", "c_stack_overflow_on_another_thread"}) {
        const auto e = run_testprog(name);
        expect_fatal(e, "stack overflow");
        EXPECT_THAT(e.err, HasSubstr("C stack")) << name;
        EXPECT_THAT(e.err, Not(HasSubstr("goroutine stack exceeds"))) << name;
    }
}

// --- what belongs to all threads

TEST(identity, setgid) {
    const auto e = run_testprog("setgid_of_all_threads");
    if (e.out == "not root\n") GTEST_SKIP() << "only root may";
    expect_exit(e, 0, "0 failed, 0 threads of other groups\n");
}

// --- misuse

class fork_child : public ::testing::TestWithParam<const char*> {};
TEST_P(fork_child, is_told_what_it_may_do) {
    const test::ended e = run_testprog(GetParam());
    expect_exit_with(e, "signal 6\n", "fatal error: used in a child of fork, which may only exec or _exit\n");
}
INSTANTIATE_TEST_SUITE_P(misuse, fork_child,
                         ::testing::Values("fork_go", "fork_recv", "fork_wakes_a_goroutine", "fork_mem_stats",
                                           "fork_timer", "fork_callback", "fork_run_on_a_plain_thread"),
                         [](const auto& program) { return std::string(program.param); });

TEST(fork, what_needs_no_runtime_works_in_the_child) {
    // In the child the leak checker would look for the parent's threads.
    expect_exit(run_testprog("fork_exit", {"ASAN_OPTIONS=detect_leaks=0"}), 0, "signal 0\n");
    expect_exit(run_testprog("fork_harmless"), 0, "signal 0\n");
}

TEST(misuse, callback_called_after_release) {
    const test::ended e = run_testprog("callback_called_after_release");
    expect_fatal(e, "callback called after it was released\n");
    EXPECT_THAT(e.err, ContainsRegex("runtime: the callback int ?\\(const char ?\\*, double\\), made in .* "
                                     "\\(.*misuse.cpp:[0-9]+\\)\n"));
    expect_fatal(run_testprog("callback_called_after_release_in_its_last_call"),
                 "callback called after it was released\n");
}

TEST(misuse, callback_where_no_page_becomes_executable) {
    const test::ended e = run_testprog("callback_where_no_page_becomes_executable");
    if (e.out == "not on this kernel\n") GTEST_SKIP() << "PR_SET_MDWE needs Linux 6.3";
    expect_exit(e, 0, "999000\n");
}

TEST(misuse, callback_from_leaf_call) {
    expect_fatal(run_testprog("callback_from_leaf_call"), "cgocallback: callback from a leaf_call\n");
}

TEST(misuse, blocking_inside_c_is_fatal_by_name) {
    const std::string where = ": not on a goroutine's stack (inside C, only a callback may block)\n";
    expect_fatal(run_testprog("recv_inside_c"), "chan::recv" + where);
    expect_fatal(run_testprog("send_inside_c"), "chan::send" + where);
    expect_fatal(run_testprog("mutex_inside_c"), "mutex::lock" + where);
    expect_fatal(run_testprog("wait_group_inside_c"), "wait_group::wait" + where);
    expect_fatal(run_testprog("shared_mutex_inside_c"), "shared_mutex::lock" + where);
    expect_fatal(run_testprog("shared_mutex_lock_shared_inside_c"), "shared_mutex::lock_shared" + where);
    expect_fatal(run_testprog("semaphore_inside_c"), "semaphore::acquire" + where);
    expect_fatal(run_testprog("condition_variable_inside_c"), "condition_variable::wait" + where);
    expect_fatal(run_testprog("call_once_inside_c"), "call_once" + where);
}

TEST(misuse, unlock_of_unlocked_mutex) {
    expect_fatal(run_testprog("unlock_of_unlocked_mutex"), "sync: unlock of unlocked mutex\n");
}

TEST(misuse, unlock_of_unlocked_shared_mutex) {
    for (const char* name : {"unlock_of_unlocked_shared_mutex", "unlock_of_shared_mutex_held_by_a_reader",
                             "unlock_of_shared_mutex_that_a_writer_waits_for"}) {
        expect_fatal(run_testprog(name), "sync: Unlock of unlocked RWMutex\n");
    }
    for (const char* name :
         {"unlock_shared_of_unlocked_shared_mutex", "unlock_shared_of_shared_mutex_held_by_a_writer"}) {
        expect_fatal(run_testprog(name), "sync: RUnlock of unlocked RWMutex\n");
    }
}

TEST(misuse, ThreadExhaustion) {
    const auto e = run_testprog("thread_exhaustion");
    EXPECT_THAT(e.err, HasSubstr("program exceeds 10-thread limit"));
    expect_fatal(e, "thread exhaustion");
}

#if defined(GANGWAY_LOCKRANK)
TEST(lock_order, wrong_order_names_both) {
    expect_fatal(run_testprog("sched_lock_under_stacks_lock"),
                 "lock order: sched.lock taken while holding stacks_lock\n");
    expect_fatal(run_testprog("channels_out_of_order"),
                 "lock order: a channel's lock taken while holding a channel's lock\n");
    expect_fatal(run_testprog("two_semaphore_buckets"),
                 "lock order: a semaphore bucket's lock taken while holding a semaphore bucket's lock\n");
    expect_fatal(run_testprog("lock_released_twice"),
                 "lock order: released by a thread that does not hold it: sched.lock\n");
}
#endif

TEST(environment, wrong_values_are_rejected_by_name) {
    struct wrong {
        std::string name;
        std::string value;
    };
    for (const auto& [name, value] :
         {wrong{"GANGWAY_MAXPROCS", "many"}, wrong{"GANGWAY_MAXPROCS", "0"}, wrong{"GANGWAY_MAXPROCS", "1025"},
          wrong{"GANGWAY_MAXPROCS", "2x"}, wrong{"GANGWAY_MAXPROCS", "99999999999999999999"},
          wrong{"GANGWAY_MAXPROCS", "-1"}, wrong{"GANGWAY_STACK", "12"}, wrong{"GANGWAY_MAXTHREADS", "none"},
          wrong{"GANGWAY_IDLE_THREAD_MS", "-1"}, wrong{"GANGWAY_IDLE_THREAD_MS", "1000000001"},
          wrong{"GANGWAY_DEBUG", "nosuchword"}, wrong{"GANGWAY_DEBUG", "chaos=one"},
          wrong{"GANGWAY_DEBUG", "loopwait=0"}}) {
        const auto e = run_testprog("starts", {name + "=" + value});
        EXPECT_NE(0, e.code) << name << "=" << value;
        EXPECT_THAT(e.err, HasSubstr(name)) << value;
        EXPECT_THAT(e.err, HasSubstr(value)) << name;
    }
}

TEST(environment, right_values_are_taken) {
    expect_exit(
        run_testprog("starts", {"GANGWAY_MAXPROCS=3", "GANGWAY_STACK=65536", "GANGWAY_MAXTHREADS=100",
                                "GANGWAY_IDLE_THREAD_MS=0", "GANGWAY_DEBUG=nomembarrier,chaos=7,loopwait=50"}),
        0, "");
    const auto e = run_testprog("stack_overflow", {"GANGWAY_STACK=65536"});
    EXPECT_THAT(e.err, HasSubstr("goroutine stack exceeds 65536-byte limit"));
}

// --- signals

TEST(signals, SegvInCgo) {
    for (const char* name : {"segv_in_c", "segv_in_goroutine", "segv_off_a_goroutine", "segv_sent"}) {
        const auto e = run_testprog(name);
        EXPECT_EQ(SIGSEGV, e.signal) << name << "\n" << e.err;
        EXPECT_LE(occurrences(e.err, "fatal error:"), 1) << name << "\n" << e.err;
        EXPECT_THAT(e.err, Not(HasSubstr("stack overflow"))) << name;
    }
}

TEST(signals, Abort) {
    const auto e = run_testprog("abort_in_c");
    EXPECT_EQ(SIGABRT, e.signal);
    EXPECT_LE(occurrences(e.err, "fatal error:"), 1) << e.err;
    EXPECT_THAT(e.err, Not(HasSubstr("runtime:")));
}

TEST(signals, handlers_of_the_program) {
    expect_exit(run_testprog("segv_handler_before"), 3, "C's own handler\n");
    expect_exit(run_testprog("segv_handler_after"), 4, "");
}

TEST(signals, CgoCatchPanic) {
    for (const char* name : {"catches_fatal_error_early", "catches_fatal_error_late"}) {
        const auto e = run_testprog(name);
        EXPECT_EQ(5, e.code) << e.err;
        EXPECT_EQ("abort handled\n", e.out);
        EXPECT_THAT(e.err, HasSubstr("fatal error: sync: unlock of unlocked mutex"));
    }
}

TEST(signals, default_dispositions_survive) {
    EXPECT_EQ(SIGPIPE, run_testprog("sigpipe").signal);
}

// --- exit

TEST(exit, the_runtime_stops_before_what_was_registered_before_it) {
    const std::string out = "stopped before this\n";
    expect_exit(run_testprog("exit_while_goroutines_run"), 3, out);
    expect_exit(run_testprog("return_from_main_while_goroutines_run"), 0, out);
    expect_exit(run_testprog("exit_in_goroutine"), 4, out);
    expect_exit(run_testprog("exit_inside_c"), 5, out);
    expect_exit(run_testprog("exit_in_callback"), 6, out);
    expect_exit(run_testprog("exit_on_another_thread"), 7, out);
}

TEST(exit, a_goroutine_that_comes_back_from_c_never_runs) {
    expect_exit(run_testprog("return_from_c_after_stop"), 0, "never came back\n");
}

TEST(exit, a_callback_after_the_stop_gives_on_error) {
    expect_exit(run_testprog("callback_after_stop"), 0, "C got on_error\n");
}

TEST(exit, what_goroutines_hold_is_no_leak) {
    if (!test::under_asan) GTEST_SKIP() << "LeakSanitizer is a part of AddressSanitizer";
    for (int i = 0; i < 5; i++) expect_exit(run_testprog("goroutines_hold_memory_at_the_end"), 0, "");
    EXPECT_THAT(run_testprog("a_goroutine_leaks_memory").err,
                HasSubstr("ERROR: LeakSanitizer: detected memory leaks"));
}

TEST(exit, static_objects_outlive_the_runtime) {
    expect_exit(run_testprog("static_objects_outlive_the_runtime"), 0, "static object destroyed last\n");
}

}  // namespace
