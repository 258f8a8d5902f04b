// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/start.hpp"

#include <cstdlib>
#include <gangway/runtime.hpp>
#include <mutex>

#include "runtime/chaos.hpp"
#include "runtime/environment.hpp"
#include "runtime/fence.hpp"
#include "runtime/fork.hpp"
#include "runtime/newm.hpp"
#include "runtime/overflow.hpp"
#include "runtime/preempt.hpp"
#include "runtime/sigquit.hpp"
#include "runtime/stack.hpp"
#include "runtime/stay_loaded.hpp"
#include "runtime/stoptheworld.hpp"
#include "runtime/sysmon.hpp"
#include "runtime/traceback.hpp"
#include "runtime/types.hpp"
#include "runtime/unwind.hpp"

namespace gangway::runtime {

constinit std::atomic<bool> runtime_started{false};

namespace {

constinit ranked_mutex start_lock{lock_rank::start};  // held by the first for all of the start; others wait

void check_range(const char* name, long long value, long long lowest, long long highest) {
    if (value < lowest || value > highest) throw_out_of_range("gangway::options::", name, value, lowest, highest);
}

// What is asked for: the option where it is not the default, else the environment variable, else the default.
options effective(const options& asked) {
    const options standard;
    options o = asked;
    check_range("maxprocs", o.maxprocs, 0, max_procs);
    check_range("stack_size", static_cast<long long>(o.stack_size), min_stack_size, highest_stack_size);
    check_range("max_threads", o.max_threads, 1, highest_max_threads);
    check_range("idle_thread_ms", o.idle_thread_ms, 0, highest_idle_thread_ms);
    const environment& env = read_environment();
    if (o.maxprocs == standard.maxprocs && env.maxprocs != 0) o.maxprocs = env.maxprocs;
    if (o.maxprocs == 0) o.maxprocs = num_cpu();
    if (o.stack_size == standard.stack_size && env.stack_size != 0) o.stack_size = env.stack_size;
    if (o.max_threads == standard.max_threads && env.max_threads != 0) o.max_threads = env.max_threads;
    if (o.idle_thread_ms == standard.idle_thread_ms && env.idle_thread_ms >= 0)
        o.idle_thread_ms = env.idle_thread_ms;
    return o;
}

void apply(const options& o) {
    store_relaxed(sched.stack_size, (o.stack_size + page_size - 1) / page_size * page_size);
    store_relaxed(sched.idle_m_timeout, std::int64_t{o.idle_thread_ms} * 1'000'000);
    sched.lock.lock();
    sched.maxmcount = o.max_threads;
    sched.lock.unlock();
}

void start(const options& o) {
    fence_init(!read_environment().no_membarrier);
    find_vector_state();
    if (auto seed = read_environment().chaos) chaos_init(*seed);
    remember_initial_sigmask();
    apply(o);
    store_relaxed(sched.one_cpu, num_cpu() == 1);
    sched.lock.lock();
    procresize(o.maxprocs);
    sched.lock.unlock();
    unwind_init();
    if (read_environment().all_frames) traceback_show_all_frames();
    install_overflow_handler();
    if (read_environment().sigquit) start_sigquit();
    note_time();
    start_sysmon();
    start_template_thread();
    watch_for_forks();
    stay_loaded();
    std::atexit(&stop_for_good);
    store_release(runtime_started, true);
}

}  // namespace

void runtime_start_slow(const options* opts) {
    if (load_relaxed(in_forked_child)) fatal_in_child();
    std::unique_lock guard(start_lock);
    if (!load_relaxed(runtime_started)) {
        start(effective(opts != nullptr ? *opts : options{}));
        return;
    }
    if (opts == nullptr) return;
    options o = effective(*opts);
    apply(o);
    guard.unlock();
    if (o.maxprocs != gomaxprocs()) gomaxprocs(o.maxprocs);
}

}  // namespace gangway::runtime
