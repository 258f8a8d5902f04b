// SPDX-License-Identifier: BSD-3-Clause
// Starting goroutines.
#include <cstdint>
#include <gangway/detail/newproc.hpp>
#include <new>

#include "runtime/bound.hpp"
#include "runtime/goroutine.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/stack.hpp"
#include "runtime/start.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {
constexpr std::uint64_t goid_batch = 16;

void inherit_fenv(left_frame* f) {
    asm("stmxcsr %0" : "=m"(f->mxcsr));
    asm("fnstcw %0" : "=m"(f->x87_control));
}
}  // namespace

std::uint64_t next_goid(p* pp) {
    if (pp == nullptr) return add_relaxed(sched.goidgen, 1U);
    if (pp->goidcache == pp->goidcacheend) {
        pp->goidcacheend = add_relaxed(sched.goidgen, goid_batch) + 1;
        pp->goidcache = pp->goidcacheend - goid_batch;
    }
    return pp->goidcache++;
}

void prepare_start(g* gp, void* below, void (*entry)(void*), void* arg) {
    auto top = reinterpret_cast<std::uintptr_t>(below) & ~std::uintptr_t{15};
    auto* frame = reinterpret_cast<left_frame*>(top) - 1;
    *frame = left_frame{};
    inherit_fenv(frame);  // a goroutine starts with its maker's rounding, as a thread does
    frame->rip = &gangway_goroutine_start;
    gp->sched.sp = frame;
    gp->entry = entry;
    gp->entry_arg = arg;
    gp->eh = eh_globals{};
    gp->lockedm = nullptr;
    gp->bound = false;
    gp->lock_os = gp->goexiting = gp->goexit_kept = gp->has_kept = false;
    gp->run = nullptr;
    gp->nopreempt = 0;
    gp->syscallsp = nullptr;
    gp->asan_fake_stack = nullptr;
}

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

void fatal(const char* text) noexcept {
    runtime::fatal(text);
}

goroutine_slot newproc_begin(std::size_t size, std::size_t align) {
    runtime_start();
    preempt_check();
    g* gp = gfget(usable_p(getm()));
    std::uintptr_t room = (gp->stk.hi - size) & ~(static_cast<std::uintptr_t>(align) - 1);
    bool fits = size < (gp->stk.hi - gp->stk.lo) / 4;
    gp->sched.sp = fits ? reinterpret_cast<void*>(room) : reinterpret_cast<void*>(gp->stk.hi);
    return {gp, fits ? gp->sched.sp : nullptr};
}

namespace {
g* make(goroutine_slot slot, void (*entry)(void*), void* arg) {
    auto* gp = static_cast<g*>(slot.g);
    p* pp = usable_p(getm());
    prepare_start(gp, gp->sched.sp, entry, arg);
    store_relaxed(gp->goid, next_goid(pp));
    if (pp != nullptr) {
        count(pp->made);
    } else {
        add_relaxed(sched.made, 1U);
    }
    return gp;
}
}  // namespace

void newproc_commit(goroutine_slot slot, void (*entry)(void*), void* arg) noexcept {
    ready_new(make(slot, entry, arg));
}

void newproc_commit_to(void* to, goroutine_slot slot, void (*entry)(void*), void* arg) noexcept {
    g* gp = make(slot, entry, arg);
    bind_to(gp, static_cast<m*>(to));
    ready_new(gp);
}

void newproc_abort(goroutine_slot slot) noexcept {
    gfput(usable_p(getm()), static_cast<g*>(slot.g));
}

}  // namespace gangway::detail
