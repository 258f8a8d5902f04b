// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/extram.hpp"

#include <gangway/callback.hpp>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <string>

#include "runtime/chaos.hpp"
#include "runtime/checkdead.hpp"
#include "runtime/each.hpp"
#include "runtime/fork.hpp"
#include "runtime/goroutine.hpp"
#include "runtime/lockosthread.hpp"
#include "runtime/newm.hpp"
#include "runtime/proc.hpp"
#include "runtime/stack.hpp"
#include "runtime/start.hpp"
#include "runtime/syscall.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// Set once the key's destructor has run: what calls in after that is another key's destructor, and the system may not
// call ours once more. Such an entry gives its m back by itself.
[[gnu::tls_model("initial-exec")]] thread_local bool thread_is_ending = false;

void thread_ends(void* at) {
    if (load_relaxed(in_forked_child)) return;
    thread_is_ending = true;
    dropm(static_cast<m*>(at));
}

pthread_key_t key_of_threads() {
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        check(pthread_key_create(&made, &thread_ends) == 0, "needm: pthread_key_create failed");
        return made;
    }();
    return key;
}

// The g is as the end of an entry leaves it.
g* new_extra_g() {
    try {
        g* gp = gfget(nullptr);
        gp->eh = eh_globals{};
        gp->entry = nullptr;
        gp->run = nullptr;
        gp->lock_os = gp->goexiting = gp->goexit_kept = gp->has_kept = false;
        gp->nopreempt = 0;
        gp->asan_fake_stack = nullptr;
        return gp;
    } catch (const std::bad_alloc&) {
        fatal("needm: no memory for a goroutine's stack");
    }
}

m* new_extram() {
    g* gp = new_extra_g();
    m* mp = new (std::nothrow) m;
    check(mp != nullptr, "needm: out of memory");
    mp->g0.lockedm = mp;  // Y3
    mp->extra = true;
    mp->lockedint = 1;  // I3
    lock_to(mp, gp);
    sched.lock.lock();
    mp->id = ++sched.mnext;
    mp->fastrand = chaos_seed_of(mp->id);
    sched.nextra++;
    mp->attached = true;
    mp->alllink = load_relaxed(sched.allm);
    store_release(sched.allm, mp);
    sched.lock.unlock();
    return mp;
}

// options::stack_size has changed since its g was made: the next thread gets what goroutines get now.
void renew_g(m* mp) {
    g* old = mp->lockedg;
    g* gp = new_extra_g();
    gp->lockedm = mp;
    mp->lockedg = gp;
    old->lockedm = nullptr;
    gfput(nullptr, old);
}

void bind(m* mp) {
    if (stack_limit(mp->lockedg) != load_relaxed(sched.stack_size)) renew_g(mp);
    g* gp = mp->lockedg;
    mp->g0.sched.sp = nullptr;
    mp->p = nullptr;
    store_relaxed(mp->in_syscall, 1U);
    store_relaxed(mp->p_taken, taken | guard_was_reset);  // nobody else looks: it is no p's m
    gp->syscallsp = reinterpret_cast<void*>(gp->stk.hi & ~std::uintptr_t{15});
    store_relaxed(gp->goid, next_goid(nullptr));
    store_relaxed(gp->m, mp);
    mp->curg = gp;
    minit(mp);
    pthread_setspecific(key_of_threads(), mp);
}

struct entry_call {
    void (*fn)(void*);
    void* arg;
    m* mp;
    g* gp;
    bool refused = false;
};

// False: refused.
bool come_in(m* mp, g* gp) {
    if (exitsyscall_fast(mp)) [[likely]]
        return true;
    store_relaxed(mp->entering, true);
    exitsyscall_slow(mp, gp);
    store_relaxed(mp->entering, false);
    return load_relaxed(mp->in_syscall) == 0;
}

// On the goroutine's stack.
std::uint64_t foreign_main(void* at) {
    auto& call = *static_cast<entry_call*>(at);
    m* mp = call.mp;
    g* gp = call.gp;
    void* syscallsp = gp->syscallsp;
    if (!come_in(mp, gp)) {
        call.refused = true;
        return 0;
    }
    count(mp->p->made);
    call.fn(call.arg);
    if (gp->lock_os) {  // it has ended without unlocking; the thread is its own in any case
        gp->lock_os = false;
        mp->lockedext = 0;
    }
    count(mp->p->ended);
    gp->syscallsp = syscallsp;
    entersyscall(mp);
    return 0;
}

}  // namespace

m* needm() {
    if (m* mp = getm()) return mp;
    runtime_start();
    sched.lock.lock();
    if (sched.stopped_for_good) {
        sched.lock.unlock();
        return nullptr;
    }
    m* mp = sched.extram;
    if (mp != nullptr) {
        sched.extram = mp->schedlink;
        mp->attached = true;
    }
    sched.nextra_in_use++;
    sched.lock.unlock();
    if (mp == nullptr) mp = new_extram();
    bind(mp);
    return mp;
}

void dropm(m* mp) {
    check(mp == getm() && mp->g0.sched.sp == nullptr, "dropm: the thread ends inside a callback");
    entersyscallblock(mp);  // its p, where it has one, goes to others
    pthread_setspecific(key_of_threads(), nullptr);
    unminit(mp);
    g* gp = mp->lockedg;
    mp->curg = nullptr;
    store_relaxed(gp->m, nullptr);
    sched.lock.lock();
    sched.nextra_in_use--;
    mp->attached = false;
    mp->schedlink = sched.extram;
    sched.extram = mp;
    checkdead();
    sched.lock.unlock();
}

bool enter_foreign(m* mp, void (*fn)(void*), void* arg) {
    g* gp = mp->lockedg;
    entry_call call{fn, arg, mp, gp};
    count(mp->nforeign);
    store_relaxed(gp->status, Grunning);
    switch_fiber(gp);
    call_on_g(&mp->g0, gp, &foreign_main, &call);
    switch_fiber(&mp->g0);
    mp->g0.sched.sp = nullptr;  // I4
    store_relaxed(gp->status, Gdead);
    if (thread_is_ending) [[unlikely]]
        dropm(mp);
    return !call.refused;
}

void refuse_entry(m* mp) {
    check(load_relaxed(mp->entering), "refuse_entry: no p for an m that needs one");
    g* gp = mp->lockedg;
    mp->curg = gp;
    store_relaxed(gp->m, mp);
    store_relaxed(gp->status, Grunning);
    *mp->eh = gp->eh;
    store_relaxed(mp->in_syscall, 1U);
    store_relaxed(mp->p_taken, taken);
    to_g(&mp->g0, gp);
}

// Nobody hands an m its p any more: one whose goroutine is runnable sleeps for it, or is about to look under the lock.
void refuse_entries() {
    sched.lock.lock();
    each_m([](m& mp) {
        if (!load_relaxed(mp.entering) || load_relaxed(mp.lockedg->status) != Grunnable) return;
        sched.nmidlelocked--;
        mp.park.wakeup();
    });
    sched.lock.unlock();
}

void throw_stopped(const char* what) {
    throw std::logic_error(std::string("gangway: ") + what + ": the runtime has stopped: the process is exiting");
}

}  // namespace gangway::runtime

namespace gangway {

void attach_thread() {
    using namespace runtime;
    if (needm() == nullptr) throw_stopped("attach_thread");
}

}  // namespace gangway
