// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/sysmon.hpp"

#include <algorithm>
#include <ctime>

#include "runtime/blocking_habit.hpp"
#include "runtime/chaos.hpp"
#include "runtime/checkdead.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/preempt.hpp"
#include "runtime/proc.hpp"
#include "runtime/syscall.hpp"
#include "runtime/thread.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

constexpr std::int64_t shortest_nap = 20'000;  // ns; also how long a call keeps its p when there is work for it
// A goroutine that began right after a look is found at the next and asked a time slice later: 15 ms at most.
constexpr std::int64_t longest_nap = 5'000'000;
// After a goroutine was asked to let a timer fire. Not at once: where all CPUs compute, a thread that wakes often is made
// to wait for them, and then it is the next timer that is late.
constexpr std::int64_t soon_again = 200'000;
constexpr int naps_before_longer_ones = 50;          // without anything to do
constexpr std::int64_t idle_call_limit = 1'000'000;  // a call keeps its p this long when there is no work
constexpr std::uint32_t takes_that_are_a_habit = 3;
constexpr std::int64_t time_slice = 10'000'000;
constexpr std::int64_t forgotten_poll = 10'000'000;
constexpr std::int64_t suspicion_nap = 50'000'000;
constexpr std::int64_t long_sleep = 60'000'000'000;

void nap(std::int64_t ns) {
    timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
    nanosleep(&t, nullptr);
}

bool another_p_has_work(const p* pp) {
    auto n = static_cast<std::uint32_t>(load_acquire(sched.gomaxprocs));
    for (std::uint32_t i = 0; i < n; i++)
        if (all_p(i) != pp && runqlen(all_p(i)) > 1) return true;
    return false;
}

bool work_for(const p* pp) {
    if (!runqempty(pp) || load_relaxed(sched.runqsize) != 0 || earliest_timer() <= nanotime()) return true;
    return load_relaxed(sched.npidle) + load_relaxed(sched.nmspinning) == 0 && another_p_has_work(pp);
}

// Whether mp has been in one call since long enough ago that pp should go to others.
bool call_is_long(p* pp, m* mp, std::int64_t now) {
    std::uint64_t calls = load_relaxed(mp->ncgocall) + load_relaxed(mp->ncgocallback) + load_relaxed(mp->nforeign);
    if (pp->sysmon_m != mp || pp->sysmon_calls != calls) {
        if (pp->sysmon_m == mp) pp->sysmon_takes = 0;  // it came back by itself
        pp->sysmon_m = mp;
        pp->sysmon_calls = calls;
        pp->sysmon_calls_since = now;
        // Where one call after the other had to be taken, the next is not waited for: a thousand goroutines that each
        // block would take a thousand naps.
        return pp->sysmon_takes >= takes_that_are_a_habit && work_for(pp);
    }
    std::int64_t in_call = now - pp->sysmon_calls_since;
    return in_call >= idle_call_limit || (in_call >= shortest_nap && work_for(pp));
}

bool has_run_long(p* pp, std::int64_t now) {
    std::uint32_t tick = load_relaxed(pp->schedtick);
    if (pp->sysmon_tick != tick) {
        pp->sysmon_tick = tick;
        pp->sysmon_tick_since = now;
        return false;
    }
    return now - pp->sysmon_tick_since >= time_slice;
}

// While the monitor has a p or a goroutine in its hands, somebody is awake: the ms may all have gone to sleep meanwhile,
// among them the one that the p was taken from, and it is no deadlock.
class counts_as_awake {
public:
    counts_as_awake() { count(-1); }
    ~counts_as_awake() { count(1); }
    counts_as_awake(const counts_as_awake&) = delete;
    counts_as_awake& operator=(const counts_as_awake&) = delete;

private:
    static void count(std::int32_t n) {
        sched.lock.lock();
        sched.nmidlelocked += n;
        sched.monitor_awake -= n;
        if (n > 0) checkdead();
        sched.lock.unlock();
    }
};

// Takes the ps of the ms listed, with one barrier for all of them. How many.
int take(m** candidates, int n) {
    counts_as_awake here;
    p* got[max_procs];
    int ngot = 0;
    sched.lock.lock();
    if (!load_relaxed(sched.gcwaiting)) {
        m** wanted_end = std::remove_if(candidates, candidates + n, [](m* mp) { return !want_p(mp); });
        chaos_delay();
        heavy_fence();
        chaos_delay();
        for (m** mp = candidates; mp != wanted_end; mp++) {
            p* pp = took_p(*mp);
            if (pp == nullptr) continue;
            store_relaxed(pp->status, Pidle);
            pp->sysmon_takes++;
            note_taken((*mp)->callee);
            got[ngot++] = pp;
        }
    }
    sched.lock.unlock();
    add_relaxed(sched.retakes, static_cast<std::uint64_t>(ngot));
    for (int i = 0; i < ngot; i++) handoffp(got[i]);
    return ngot;
}

// A timer of pp's is due, and nobody but the m that runs pp will look: not by itself, while its goroutine goes on. Asked
// once for each such moment: code that cannot be preempted does not hear it.
bool has_timer_to_fire(p* pp, std::int64_t now) {
    std::int64_t due = load_acquire(pp->timers.earliest);
    if (due > now || due == pp->sysmon_timer || load_relaxed(sched.npidle) != 0) return false;
    pp->sysmon_timer = due;
    return true;
}

void preempt_those_on(p* const* ps, int nps) {
    if (nps == 0) return;
    m* ms[max_procs];
    int n = 0;
    sched.lock.lock();
    for (int i = 0; i < nps; i++)
        if (m* mp = load_acquire(ps[i]->m)) ms[n++] = mp;  // P4
    add_relaxed(sched.preempt_requests,
                static_cast<std::uint64_t>(n));  // first: who has yielded finds itself counted
    request_preempt(ms, n);
    sched.lock.unlock();
}

struct retaken {
    bool took;     // keep looking often
    bool overdue;  // look again soon: the timer that one kept waiting may be a ticker's, and be set anew by now
};

retaken retake(std::int64_t now) {
    m* candidates[max_procs];
    p* overdue[max_procs];
    int n = 0, noverdue = 0;
    auto nprocs = load_acquire(sched.gomaxprocs);
    for (std::int32_t i = 0; i < nprocs; i++) {
        p* pp = all_p(i);
        m* mp = load_acquire(pp->m);
        if (mp == nullptr || load_relaxed(pp->status) != Prunning) continue;
        bool in_c = load_relaxed(mp->in_syscall) != 0;
        bool slice_is_over = has_run_long(pp, now) || chaos_one_in(16);
        if (slice_is_over) {
            pp->sysmon_tick_since = now;
            pp->sysmon_tick++;  // the next one's slice begins now, if this one goes
        }
        if (slice_is_over || (!in_c && has_timer_to_fire(pp, now))) {
            overdue[noverdue++] = pp;
        }
        // A goroutine that makes one short call after the other is in C whenever it is looked at, and never in the same
        // call twice: its time slice counts too.
        if (in_c && (call_is_long(pp, mp, now) || chaos_one_in(2) || (slice_is_over && work_for(pp))))
            candidates[n++] = mp;
    }
    preempt_those_on(overdue, noverdue);
    return {n != 0 && take(candidates, n) != 0, noverdue != 0};
}

// sched.lock held.
bool all_idle() {
    return load_relaxed(sched.npidle) == load_acquire(sched.gomaxprocs) || load_relaxed(sched.gcwaiting);
}

// To wake the monitor is a system call for whoever takes the first p, as a goroutine does that comes back from C to a
// process that was idle meanwhile. So where it was woken soon after it had gone to sleep it naps on for a while, the next
// time: that is what costs less there.
class idle_sleep {
public:
    // Sleeps, or is still to nap, for as long as there is nothing to watch. True: it was so.
    bool sleep_while_all_idle() {
        sched.lock.lock();
        const bool idle = all_idle();
        if (!idle || naps_on()) {
            sched.lock.unlock();
            if (!idle) idle_naps_ = 0;
            return idle;
        }
        sched.sysmonwait = true;
        const bool suspect = sched.dead_suspect;
        sched.lock.unlock();
        const std::int64_t since = nanotime();
        sched.sysmonnote.sleep_for(suspect ? suspicion_nap : long_sleep);
        woken_soon_ = nanotime() - since < soon;
        idle_naps_ = 0;
        sched.lock.lock();
        sched.sysmonwait = false;
        sched.sysmonnote.clear();
        if (sched.dead_suspect) checkdead();
        sched.lock.unlock();
        return true;
    }

private:
    static constexpr std::int64_t soon = 500'000;  // ns
    static constexpr int most_idle_naps = 16;      // some 500 us

    bool naps_on() { return woken_soon_ && !sched.dead_suspect && ++idle_naps_ <= most_idle_naps; }

    bool woken_soon_ = false;
    int idle_naps_ = 0;
};

// A timer is overdue: the ps may be busy with goroutines that do not come to the scheduler.
void start_m_for_timers(std::int64_t now) {
    if (earliest_timer() > now) return;
    if (load_relaxed(sched.npidle) != 0) startm(nullptr, false);
}

// Nobody has asked the poller for a while.
void poll_if_forgotten(std::int64_t now) {
    std::int64_t last = load_seq_cst(sched.lastpoll);
    if (!netpoll_in_use() || last == 0 || last + forgotten_poll > now) return;
    counts_as_awake here;
    std::int64_t expected = last;
    sched.lastpoll.compare_exchange_strong(expected, now, std::memory_order_seq_cst);
    gqueue ready = netpoll(0);
    inject(ready, 0);
}

std::int64_t earliest_slice_end() {
    std::int64_t least = never_fires;
    auto n = load_acquire(sched.gomaxprocs);
    for (std::int32_t i = 0; i < n; i++) {
        const p* pp = all_p(i);
        if (load_relaxed(pp->status) == Prunning) least = std::min(least, pp->sysmon_tick_since + time_slice);
    }
    return least;
}

// A nap ends when a timer is due, or a time slice.
std::int64_t until_next_event(std::int64_t at_most) {
    std::int64_t now = nanotime();
    std::int64_t until = std::min(earliest_timer(), earliest_slice_end());
    return until <= now ? at_most
                        : std::clamp(until - now, shortest_nap, at_most);  // what is past has been seen to
}

void* sysmon(void*) {
    sleep_on_time();
    std::int64_t length = shortest_nap;
    int quiet = 0;
    bool overdue = false;
    idle_sleep idle;
    for (;;) {
        if (quiet == 0) {
            length = shortest_nap;
        } else if (quiet > naps_before_longer_ones && length < longest_nap) {
            length *= 2;
        }
        nap(chaos_on ? chaos_nap() : until_next_event(overdue ? std::min(length, soon_again) : length));
        note_time();
        if (idle.sleep_while_all_idle()) {
            quiet = 0;
            overdue = false;
            continue;
        }
        std::int64_t now = nanotime();
        poll_if_forgotten(now);
        start_m_for_timers(now);
        const retaken r = retake(now);
        quiet = r.took ? 0 : quiet + 1;
        overdue = r.overdue;
    }
    return nullptr;
}

}  // namespace

void start_sysmon() {
    check(new_thread(&sysmon, nullptr) == 0, "start: failed to create the monitor's thread");
}

}  // namespace gangway::runtime
