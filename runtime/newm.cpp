// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/newm.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <cxxabi.h>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "runtime/chaos.hpp"
#include "runtime/checkdead.hpp"
#include "runtime/proc.hpp"
#include "runtime/sigquit.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/thread.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

constexpr std::size_t c_stack_size = 8 << 20;  // what C expects of a thread, whatever ulimit -s says

sigset_t initial_sigmask;  // set once, before the second thread

// ms that a locked m, or a thread with attributes of its own, wants threads for. sched.lock
m* newm_wanted = nullptr;
note newm_note;

void* thread_main(void* at) {
    m* mp = static_cast<m*>(at);
    minit(mp);
    pthread_sigmask(SIG_SETMASK, &initial_sigmask, nullptr);
    auto start = [](void* arg) {
        m* self = static_cast<m*>(arg);
        self->g0.sched.sp = self->base_sp;
        acquirep(self, std::exchange(self->nextp, nullptr));
        schedule();
    };
    gangway_mstart(&mp->base_sp, start, mp);
    unminit(mp);
    sched.lock.lock();
    freem(mp);
    sched.nmended++;
    sched.lock.unlock();
    return nullptr;
}

[[noreturn]] void cannot_create(int error) {
    char line[200];
    std::snprintf(line, sizeof line, "runtime: failed to create new OS thread (have %d already; %s)", sched.mcount,
                  strerrordesc_np(error));
    fatal_with(line, "newosproc");
}

void create_thread(void* (*fn)(void*), void* arg) {
    if (int error = new_thread(fn, arg, c_stack_size); error != 0) cannot_create(error);
}

// Makes the threads that others must not make: its attributes are those of the runtime's start.
void* template_thread(void*) {
    for (;;) {
        newm_note.sleep();
        newm_note.clear();
        sched.lock.lock();
        m* mp = std::exchange(newm_wanted, nullptr);
        sched.lock.unlock();
        while (mp != nullptr) {
            m* next = mp->schedlink;
            create_thread(&thread_main, mp);
            mp = next;
        }
    }
}

// A foreign thread, or one that somebody's goroutine or C has to itself, may have a signal mask, a nice value or a
// working directory of its own, which a new thread would inherit.
bool attributes_may_differ(const m* mp) {
    return mp == nullptr || mp->extra || mp->lockedext != 0 || mp->home != nullptr;
}

void find_stack(m* mp) {
    pthread_attr_t attr;
    void* lo = nullptr;
    std::size_t size = 0, guard = 0;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &lo, &size);
    pthread_attr_getguardsize(&attr, &guard);
    pthread_attr_destroy(&attr);
    mp->g0.stk.lo = reinterpret_cast<std::uintptr_t>(lo);
    mp->g0.stk.hi = mp->g0.stk.lo + size;
    mp->guard_lo = mp->g0.stk.lo - std::max<std::size_t>(guard, 1 << 20);
}

// A thread that has a signal stack keeps its own.
void use_altstack(const m* mp) {
    stack_t own{};
    own.ss_sp = mp->altstack;
    own.ss_size = mp->altstack_size;
    stack_t before{};
    if (sigaltstack(&own, &before) != 0) return;  // it runs on it
    if ((before.ss_flags & SS_DISABLE) == 0) sigaltstack(&before, nullptr);
}

// Where the handler that reports stack overflows runs.
void install_altstack(m* mp) {
    if (mp->altstack == nullptr) {
        stack_t now{};
        sigaltstack(nullptr, &now);
        if ((now.ss_flags & SS_DISABLE) == 0) return;
        mp->altstack_size = std::max<std::size_t>(static_cast<std::size_t>(sysconf(_SC_SIGSTKSZ)), 64 << 10);
        mp->altstack = mmap(nullptr, mp->altstack_size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mp->altstack == MAP_FAILED) fatal("minit: no memory for a signal stack");
    }
    use_altstack(mp);
}

void remove_altstack(m* mp) {
    if (mp->altstack == nullptr) return;
    stack_t now{};
    sigaltstack(nullptr, &now);
    if (now.ss_sp == mp->altstack) {  // else C has put its own in the place of ours
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
    }
    if (mp->extra) return;  // for the next thread: I1
    munmap(mp->altstack, mp->altstack_size);
    mp->altstack = nullptr;
}

}  // namespace

void remember_initial_sigmask() {
    pthread_sigmask(SIG_SETMASK, nullptr, &initial_sigmask);
}

m* allocm() {
    if (++sched.mcount > sched.maxmcount) {
        sched.lock.unlock();
        char line[100];
        std::snprintf(line, sizeof line, "runtime: program exceeds %d-thread limit", sched.maxmcount);
        fatal_with(line, "thread exhaustion");
    }
    m* mp = sched.mfree;
    if (mp != nullptr) {
        sched.mfree = mp->schedlink;
    } else {
        mp = new (std::nothrow) m;  // an exception would leave sched.lock held
        check(mp != nullptr, "allocm: out of memory");
        mp->g0.lockedm = mp;  // Y3
        mp->alllink = load_relaxed(sched.allm);
        store_release(sched.allm, mp);
    }
    mp->counted = true;
    mp->id = ++sched.mnext;
    mp->fastrand = chaos_seed_of(mp->id);
    mp->nodirect = 0;
    mp->lockedext = mp->lockedint = 0;
    mp->lockedg = nullptr;
    mp->run = nullptr;
    mp->park.clear();
    return mp;
}

void uncountm(m* mp) {
    mp->counted = false;
    sched.mcount--;
}

void freem(m* mp) {
    check(!mp->counted, "freem: the m still counts");
    mp->schedlink = sched.mfree;
    sched.mfree = mp;
}

void newm(m* mp) {
    if (attributes_may_differ(getm())) {
        sched.lock.lock();
        mp->schedlink = newm_wanted;
        newm_wanted = mp;
        sched.lock.unlock();
        newm_note.wakeup();
        return;
    }
    systemstack([mp] { create_thread(&thread_main, mp); });
}

void minit(m* mp) {
    mp->tid = gettid();
    mp->thread = pthread_self();
    mp->eh = reinterpret_cast<eh_globals*>(abi::__cxa_get_globals());
    mp->errno_at = &errno;
    mp->stackguard_at = stackguard_address();
    find_stack(mp);
    install_altstack(mp);
#if defined(GANGWAY_TSAN)
    mp->g0.tsan_fiber = __tsan_get_current_fiber();
#endif
    setm(mp);
}

void unminit(m* mp) {
    mp->tid = 0;  // reports ask it no more
    setm(nullptr);
    set_stackguard(0);
    remove_altstack(mp);
}

void mexit(m* mp) {
    handoffp(releasep(mp));
    sched.lock.lock();
    uncountm(mp);
    checkdead();
    sched.lock.unlock();
    end_thread(mp);
}

void end_thread(m* mp) {
    check(mp->p == nullptr && mp->curg == nullptr && mp->lockedg == nullptr && mp->run == nullptr,
          "end_thread: the thread is still of use");
    abandoning_frames();
    gangway_gogo(mp->base_sp);
}

void start_template_thread() {
    create_thread(&template_thread, nullptr);
}

int num_own_threads() {
    return 2 + (sigquit_started() ? 1 : 0);  // the monitor, the template
}

}  // namespace gangway::runtime
