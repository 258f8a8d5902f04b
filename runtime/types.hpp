// SPDX-License-Identifier: BSD-3-Clause
// g, m, p and the scheduler's state. Each field says who may touch it.
//
// Guards named in the comments:
//   owner       the thread that runs this g or is this m or holds this p; nobody else
//   sched.lock  read and written under sched.lock
//   atomic      any thread; the named invariant says in which order
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <pthread.h>
#include <unwind.h>
#include <utility>

#include "runtime/lock_futex.hpp"
#include "runtime/timer.hpp"

namespace gangway::runtime {

struct g;
struct m;
struct p;
struct stack_class;
struct listed_slots;
struct local_values;

constexpr int max_procs = 1024;
constexpr std::uint32_t runq_size = 256;

// What a goroutine is doing. Who moves it on owns its stack.
enum gstatus : std::uint32_t {
    Gidle,      // a slot that holds no goroutine yet, or none any more
    Grunnable,  // in a run queue, or about to be put into one by whoever made it so. Nobody runs on its stack.
    Grunning,   // an m's curg; that m's thread owns the stack, also while it is in C (m.in_syscall)
    Gwaiting,   // parked, in no run queue. Whoever takes it off what it waits for owns it and must goready it.
    Gdead,      // ended, in a free list; or new and not yet started
};

enum pstatus : std::uint32_t {
    Pidle,     // in sched.pidle, or in the hands of whoever took it out
    Prunning,  // an m's; that m may be in C, then the handshake says who owns it (syscall.hpp)
    Pgcstop,   // stopped: owned by whoever stopped the world
    Pdead,     // gomaxprocs has shrunk below it
};

// What a p did when the world was stopped.
enum class stopped_as : std::uint8_t { idle, running, in_c };

enum class wait_reason : std::uint8_t {
    none,
    chan_receive,
    chan_send,
    semacquire,
    mutex_lock,
    wait_group_wait,
    shared_mutex_lock,
    shared_mutex_lock_shared,
    condition_variable_wait,
    semaphore_acquire,
    call_once,
    stop_the_world,
    sleep,
    select,
    select_no_cases,
    io_wait,
    pinned_thread_idle,
    pinned_thread_end,
    pinned_thread_run,
    event_loop_run,
};
const char* name_of(wait_reason why);

struct stack {
    std::uintptr_t lo = 0;  // the lowest usable byte; the guard page ends here
    std::uintptr_t hi = 0;
};

struct gobuf {
    void* sp = nullptr;
};

// What __cxa_get_globals() points to in the Itanium C++ ABI: which exceptions this thread is handling, and how many
// are in flight. A goroutine's, so switched with it.
struct eh_globals {
    void* caught = nullptr;
    unsigned int uncaught = 0;
};

struct run_frame;  // a run() under way (run.cpp)
struct alloca_block;
struct sudog;
class biased_lock;

struct g {
    // What a switch touches.
    gobuf sched;                               // where to go on; valid while nobody runs it
    std::atomic<runtime::m*> m{nullptr};       // whose curg it is. Owner writes
    one_writer<runtime::m*> lockedm{nullptr};  // owner; read by whoever takes it off a queue, and for reports
    std::atomic<std::uint32_t> status{Gidle};  // the owner's; others read it for reports
    std::atomic<wait_reason> waiting_for{wait_reason::none};  // owner, before it parks
    bool bound = false;                // to lockedm, for life (bound.hpp). Its maker's, then the owner's
    bool by_locked = false;            // a locked one has made it runnable. Who has it in hand. LT4
    bool lock_os = false;              // lock_os_thread() is in force (not only a callback). Owner
    bool goexiting = false;            // a forced unwind is under way. Owner
    bool goexit_kept = false;          // it has reached a callback and waits for C to return. Owner
    bool has_kept = false;             // kept or goexit_kept is set: the call under way must look. Owner
    std::atomic<bool> preempt{false};  // it shall yield. P1 in preempt.hpp
    std::uintptr_t stackguard = 0;     // what the thread's guard is while it runs and nobody asks it to yield
    eh_globals eh;                     // while it does not run; else the thread has it
    g* schedlink = nullptr;            // next in the queue or free list that it is in
    g* ahead = nullptr;                // sched.lock: which is some places behind it in the global queue. A hint

    // What a crossing touches. Owner
    void* syscallsp = nullptr;  // its sp when it left for C; a callback's frames go below
    std::exception_ptr kept;    // left a callback or a callee; the call under way rethrows it

    // What starting and ending it touch.
    runtime::stack stk;
    std::atomic<std::uint64_t> goid{0};  // its maker's; others read it for reports
    void (*entry)(void*) = nullptr;
    void* entry_arg = nullptr;
    run_frame* run = nullptr;                    // of run()'s main goroutine
    stack_class* cls = nullptr;                  // where its slot goes back to
    std::uint32_t slot = 0;                      // which slot of its slab
    std::atomic<std::int64_t> waiting_since{0};  // sched.coarse_time when it parked. Owner, before it parks
    _Unwind_Exception goexit_unwind{};
    std::uint32_t nopreempt = 0;      // preempt_guards that it holds. Owner
    alloca_block* allocas = nullptr;  // owner

    local_values* locals = nullptr;  // its goroutine_locals; null: none. Owner

    std::atomic<std::uint32_t> select_done{0};  // 1: a partner of the parked select has won. V2
    sudog* param = nullptr;                     // which of its sudogs. V3

    void* asan_fake_stack = nullptr;
    void* tsan_fiber = nullptr;
};

// One waiter, in its own frame: gone when it goes on.
struct sudog {
    g* gp = nullptr;
    sudog* next = nullptr;
    sudog* prev = nullptr;
    void* elem = nullptr;  // a channel's: what is sent, or the room for it
    bool success =
        false;  // a channel's: woken by a partner, not by close. A semaphore's: the count is handed over
    bool is_select = false;  // g.select_done decides whether this one wins (select.cpp)
};

struct gqueue {
    g* head = nullptr;
    g* tail = nullptr;
    std::int32_t size = 0;

    bool empty() const { return head == nullptr; }
    void push_back(g* gp) {
        gp->schedlink = nullptr;
        if (tail != nullptr) {
            tail->schedlink = gp;
        } else {
            head = gp;
        }
        tail = gp;
        size++;
    }
    g* pop() {
        g* gp = head;
        if (gp != nullptr) {
            head = gp->schedlink;
            if (head == nullptr) tail = nullptr;
            gp->schedlink = nullptr;
            size--;
        }
        return gp;
    }
};

// Called when the goroutine that parks is off its stack. False: it does not park after all.
// May run on another goroutine's small stack, or on g0. Must not park.
using unlock_fn = bool (*)(g* gp, void* lock);

// Whether it pays to look a moment longer for what others bring instead of going to sleep. Where that never came in
// time it is left out for a while, and tried anew. Tried so often, some ms long: two threads on one CPU find nothing
// by it until the kernel, which sees both awake then, has moved one to a CPU that is free.
class looks {
public:
    bool pay() {
        if (missed_ < misses_that_tell) return true;
        if (++left_out_ < waits_without) return false;
        left_out_ = missed_ = 0;
        return true;
    }
    void ended(bool found) { missed_ = found ? 0 : missed_ + 1; }
    void stop() { missed_ = misses_that_tell; }

private:
    static constexpr std::uint32_t misses_that_tell = 256;
    static constexpr std::uint32_t waits_without = 2048;
    std::uint32_t missed_ = 0, left_out_ = 0;
};

struct alignas(64) m {
    // What switching and crossing touch, all of it the owner's, but for the two words of the handshake.
    one_writer<g*> curg{nullptr};              // read by who asks it to yield (P4 in preempt.hpp), and for reports
    runtime::p* p = nullptr;                   // H1 in syscall.hpp: stale while it is taken in a call
    std::atomic<std::uint32_t> in_syscall{0};  // written by this m; read by takers. H1
    std::atomic<std::uint32_t> p_taken{0};     // written under sched.lock; read by this m. H1, H5
    g g0;                                      // its sched.sp: where mcall and C start, downward
    std::atomic<std::uint64_t> ncgocall{0};    // counts: one writer
    std::atomic<std::uint64_t> ncgocallback{0};
    one_writer<std::uint64_t (*)(void*)> callee{nullptr};  // of its last call. blocking_habit.hpp
    bool takes_next = false;          // owner: it takes the next goroutine that it readies itself. W1
    std::uint32_t nodirect = 0;       // != 0: a switch must go through schedule(), or be one of bound goroutines
    m* home = nullptr;                // itself, where goroutines are bound to it; else null. Owner. bound.hpp
    bool spinning = false;            // looking for work; counted in sched.nmspinning
    g* left = nullptr;                // the g that a direct switch left, until the next one settles it
    unlock_fn waitunlockf = nullptr;  // of the g that parks; yield_left for one that yields
    void* waitlock = nullptr;
    eh_globals* eh = nullptr;                 // this thread's
    int* errno_at = nullptr;                  // this thread's
    std::uintptr_t* stackguard_at = nullptr;  // this thread's; others poison it. P4

    g* lockedg = nullptr;               // the g that alone may run here
    std::uint32_t lockedext = 0;        // lock_os_thread() calls
    run_frame* run = nullptr;           // this thread is inside run()
    bool extra = false;                 // for foreign threads (extram.hpp). Set once
    bool attached = false;              // sched.lock: an extra m's: a thread has it
    std::atomic<bool> entering{false};  // an extra m's: an entry waits for its first p. I5
    // Callbacks under way. Not beside lockedext: a compiler would test both with one load of eight bytes, which has
    // to wait for the store of four that each callback makes (4 ns).
    std::uint32_t lockedint = 0;
    void (*callback_fn)(void*) = nullptr;  // of the innermost of them, for the report that names it

    // Of bound goroutines (bound.hpp).
    gqueue own;                            // runnable ones. Owner. Y1
    std::atomic<g*> inbox{nullptr};        // the same, from others; and whether it sleeps. Y2; LT1 of a locked one
    std::atomic<bool> in_line{false};      // g0 is in a queue, or will be. For reports
    bool locked_ready = false;             // lockedg is runnable. Owner. Y6
    std::atomic<std::uint32_t> nbound{0};  // how many there are
    g* waits_alone = nullptr;              // goes on when it is the last of them. Owner
    std::int64_t slice_end = 0;            // when others have their turn. Owner. Y5, LT3

    // Of a locked goroutine (lockosthread.hpp). Owner
    bool locked_queued = false;  // it stands in a run queue. LT2
    runtime::looks looks;        // for it, before the m sleeps. LT3
    bool awaits_answer = false;  // its goroutine and a locked one have to do with each other. LT4
    runtime::looks looks_for_answer;

    runtime::looks yields;  // owner (spin.hpp)

    note park;                    // stopm, stoplockedm, bound.cpp
    runtime::p* nextp = nullptr;  // set by whoever wakes park
    m* schedlink = nullptr;       // sched.lock: idle list, free list
    m* idleprev = nullptr;        // sched.lock: idle list
    bool idle = false;            // sched.lock: it is in the idle list. J1
    bool counted = false;         // sched.lock: it is in sched.mcount. J2
    m* alllink = nullptr;         // set once, before it is published in sched.allm

    std::uint64_t id = 0;
    void* base_sp = nullptr;  // what its thread function saved; going there ends the thread
    std::uint32_t fastrand = 0;
    pthread_t thread{};
    int tid = 0;
    void* altstack = nullptr;  // for the handler that reports stack overflows
    std::size_t altstack_size = 0;
    std::uintptr_t guard_lo = 0;  // [guard_lo, g0.stk.lo): where an overflow of g0 faults

    listed_slots* listed = nullptr;  // owner (listed.cpp)

    std::atomic<std::uint64_t> parks{0};
    std::atomic<std::uint64_t> preemptions{0};
    std::atomic<std::uint64_t> nforeign{0};  // entries of a foreign thread; one writer
};

// Run queue invariants: runq.hpp.
struct alignas(64) p {
    std::atomic<std::uint32_t> runqhead{0};
    std::atomic<std::uint32_t> runqtail{0};
    std::atomic<g*> runnext{nullptr};
    std::atomic<std::uint32_t> taking{0};             // owner: 1 while it takes without a locked instruction
    std::atomic<std::uint32_t> thieves{0};            // that are at the queue
    std::atomic<std::uint32_t> schedtick{0};          // one writer; sysmon reads
    std::atomic<const biased_lock*> biased{nullptr};  // owner: the lock that it holds by its bias. BL2
    std::uint32_t runnext_streak = 0;                 // owner
    std::uint32_t next_sharing = 0;                   // owner; a schedtick
    bool takes_one = false;                           // owner: of the global queue, at its next look there
    bool turn_put_off = false;  // owner: the global queue's, at the next pick that a timer has no part in
    std::int32_t id = 0;
    std::atomic<std::uint32_t> status{Pidle};
    std::atomic<runtime::m*> m{nullptr};  // set by that m, unset by it or by a taker under sched.lock
    p* link = nullptr;                    // sched.lock: idle list
    stopped_as was{stopped_as::idle};     // sched.lock; what a stop-the-world found

    // Owner
    std::uint64_t goidcache = 0, goidcacheend = 0;
    g* gfree = nullptr;
    std::uint32_t ngfree = 0;
    std::atomic<std::uint64_t> made{0}, ended{0};  // goroutines; one writer
    std::atomic<std::uint64_t> steals{0};

    timer_heap timers;

    // sysmon's own notes
    std::uint64_t sysmon_calls = 0;
    std::uint32_t sysmon_tick = 0;
    std::int64_t sysmon_calls_since = 0, sysmon_tick_since = 0;
    runtime::m* sysmon_m = nullptr;
    std::uint32_t sysmon_takes = 0;  // calls on it that were taken in a row
    std::int64_t sysmon_timer = 0;   // the due time for which its m was asked to yield

    std::atomic<g*> runq[runq_size] = {};
};

struct scheduler {
    m_lock lock{lock_rank::sched};

    // Bits that entersyscall and the switches look at. Atomic; F1 with heavy_fence in stoptheworld
    std::atomic<std::uint32_t> attention{0};

    m* midle = nullptr;             // sched.lock
    std::int32_t nmidle = 0;        // sched.lock
    std::int32_t nmidlelocked = 0;  // sched.lock; ms asleep for their lockedg, threads in run() asleep for its end
    std::int32_t monitor_awake = 0;  // sched.lock; what the monitor has taken off nmidlelocked for a moment
    std::int32_t mcount = 0;         // sched.lock; ms that exist, the monitor not among them
    std::int32_t maxmcount = 10'000;
    std::atomic<std::int64_t> idle_m_timeout{10'000'000'000};  // ns that an m sleeps for work before it ends
    std::uint64_t mnext = 0;                                   // sched.lock; ids given out
    std::uint64_t nmended = 0;                                 // sched.lock
    m* extram = nullptr;                                       // sched.lock; extra ms that nobody uses. I1
    std::int32_t nextra = 0;         // sched.lock; extra ms that there are, not in mcount
    std::int32_t nextra_in_use = 0;  // sched.lock; those that are a thread's
    m* mfree = nullptr;              // sched.lock; structs of ended ms, kept: others may still look at one
    std::atomic<m*> allm{nullptr};   // pushed under sched.lock, never removed

    p* pidle = nullptr;                          // sched.lock
    std::atomic<std::int32_t> npidle{0};         // written under sched.lock
    std::atomic<std::int32_t> nmspinning{0};     // atomic; W1 in proc.hpp
    std::atomic<std::int32_t> nlingering{0};     // of nmspinning, those that sleep (linger). A hint
    std::atomic<std::uint32_t> needspinning{0};  // a hint: somebody found no idle p for a wake-up
    std::atomic<std::int32_t> gomaxprocs{0};     // written with the world stopped
    std::atomic<bool> one_cpu{false};      // all that the process has: nobody brings anything while one spins
    std::atomic<p*> allp[max_procs] = {};  // set once each, in order, and then there for good: all_p

    gqueue runq;                            // sched.lock
    g* runq_last[16] = {};                  // sched.lock: who came last, by turns. For g.ahead
    std::uint32_t runq_puts = 0;            // sched.lock
    std::atomic<std::int32_t> runqsize{0};  // written under sched.lock; a hint for others

    std::atomic<std::uint64_t> goidgen{0};
    std::atomic<std::uint64_t> made{0}, ended{0};  // goroutines made and ended without a p

    std::atomic<bool> gcwaiting{false};  // written under sched.lock
    std::int32_t stopwait = 0;           // sched.lock; ps that have not stopped yet
    note stopnote;
    bool stopped_for_good = false;       // sched.lock; the process is exiting
    std::atomic<m*> exiting_m{nullptr};  // the m whose goroutine called exit(): it keeps its p for exit handlers

    bool sysmonwait = false;  // sched.lock; the monitor sleeps on sysmonnote
    note sysmonnote;

    // The poller (netpoll.hpp). At most one m at a time sleeps in it.
    std::atomic<std::int64_t> lastpoll{1};   // when it was asked last; 0: an m sleeps in it
    std::atomic<std::int64_t> polluntil{0};  // until when that m sleeps; never_fires: no limit

    std::int32_t nruns = 0;     // sched.lock; run() calls under way
    bool dead_suspect = false;  // sched.lock; deadlocked but for threads that may call in

    std::atomic<std::size_t> stack_size{256 << 10};
    std::atomic<std::uint64_t> handoffs{0}, retakes{0}, preempt_requests{0}, stops{0};

    // nanotime() of a moment ago, for who wants it for a load: note_time. On a line of its own: each park reads it.
    alignas(64) std::atomic<std::int64_t> coarse_time{0};
};

// attention
constexpr std::uint32_t attention_stop = 1;
constexpr std::uint32_t attention_exit = 2;   // with attention_stop: for good
constexpr std::uint32_t attention_chaos = 4;  // set at the start, for good: chaos.hpp

// Hidden, as the other words of hot paths: read without a look into the GOT.
[[gnu::visibility("hidden")]] extern scheduler sched;

// The monitor calls it as often as it looks (10 ms at the most while a p is in use), and so does an m that was asleep
// or without its p, before it runs a goroutine.
inline void note_time() {
    store_relaxed(sched.coarse_time, nanotime());
}

// The i-th p, or null. Acquire: what made it.
template <class Index>
p* all_p(Index i) {
    return std::cmp_less(i, max_procs) ? load_acquire(sched.allp[static_cast<std::size_t>(i)]) : nullptr;
}
inline std::uint32_t num_procs() {
    return static_cast<std::uint32_t>(load_acquire(sched.gomaxprocs));
}

}  // namespace gangway::runtime
