// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/stack.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <utility>
#include <vector>

#include "runtime/preempt.hpp"
#include "runtime/switch.hpp"
#include "runtime/systemstack.hpp"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

namespace gangway::runtime {

namespace {
constexpr std::size_t slab_bytes = 64 << 20;
constexpr std::size_t slots_at_least = 16;  // of a slab, where stacks are huge
constexpr std::uint32_t p_cache = 64;       // dead gs that a p keeps
constexpr std::uint32_t move_batch = 32;    // between a p's cache and the common one
constexpr std::size_t common_cache = 2048;  // dead gs whose pages are kept
// The gs of neighbouring slots start at different cache sets: without it all gs of a program share a few.
constexpr std::size_t colours = 8;
constexpr std::size_t colour_step = 192;

struct slab {
    std::uintptr_t base = 0;
    std::size_t bytes = 0;
    std::vector<bool> has_g;  // the slot's top page holds a g, alive or dead
};
}  // namespace

// All stacks of one size.
struct stack_class {
    std::size_t stack_size = 0;  // as asked for, in pages
    std::size_t slot_size = 0;   // with the guard
    std::size_t slots_per_slab = 0;
    std::vector<std::unique_ptr<slab>> slabs;
    std::vector<std::uint32_t> fresh;  // slots with a guard and no pages
    std::uint32_t next_slot = 0;       // the first that was never used
    g* dead = nullptr;                 // cached, with their pages
    std::size_t ndead = 0;
    std::size_t taken = 0;  // slots that are not in `fresh`
    stack_class* next = nullptr;
};

constinit m_lock stacks_lock{lock_rank::stacks};

namespace {

constinit stack_class* classes = nullptr;  // stacks_lock; never freed: goroutines outlive main

std::size_t g_room(std::uint32_t slot) {
    constexpr std::size_t size = (sizeof(g) + 63) / 64 * 64;
    return size + slot % colours * colour_step;
}

std::uintptr_t slot_base(const stack_class& c, std::uint32_t slot) {
    return c.slabs[slot / c.slots_per_slab]->base + slot % c.slots_per_slab * c.slot_size;
}

g* slot_g(const stack_class& c, std::uint32_t slot) {
    return reinterpret_cast<g*>(slot_base(c, slot) + c.slot_size - g_room(slot));
}

bool install_guard(std::uintptr_t at) {
    static std::atomic<bool> lightweight{true};  // relaxed: each caller finds out for itself
    void* page = reinterpret_cast<void*>(at);
    if (load_relaxed(lightweight)) {
        if (madvise(page, guard_size, MADV_GUARD_INSTALL) == 0) return true;
        if (errno != EINVAL) return false;
        store_relaxed(lightweight, false);
    }
    return mprotect(page, guard_size, PROT_NONE) == 0;
}

stack_class& class_of(std::size_t stack_size) {
    for (stack_class* c = classes; c != nullptr; c = c->next)
        if (c->stack_size == stack_size) return *c;
    auto* c = new stack_class;
    c->stack_size = stack_size;
    c->slot_size = stack_size + guard_size;
    c->slots_per_slab = std::max(slab_bytes / c->slot_size, slots_at_least);
    c->next = std::exchange(classes, c);
    return *c;
}

void add_slab(stack_class& c) {
    std::size_t bytes = c.slots_per_slab * c.slot_size;
    // All that may throw comes before the mapping.
    auto s = std::make_unique<slab>();
    s->has_g.resize(c.slots_per_slab);
    c.fresh.reserve((c.slabs.size() + 1) * c.slots_per_slab);  // so that giving back never allocates
    c.slabs.reserve(c.slabs.size() + 1);
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (at == MAP_FAILED) throw no_stack("gangway: no stack for a goroutine: address space or memory is used up");
    madvise(at, bytes, MADV_NOHUGEPAGE);  // one touched page must not commit 2 MB
    s->base = reinterpret_cast<std::uintptr_t>(at);
    s->bytes = bytes;
    c.slabs.push_back(std::move(s));
}

// A slot with its guard.
void take_slot(stack_class& c, std::uint32_t& slot) {
    if (!c.fresh.empty()) {
        slot = c.fresh.back();
        c.fresh.pop_back();
        return;
    }
    if (c.next_slot == c.slabs.size() * c.slots_per_slab) add_slab(c);
    if (!install_guard(slot_base(c, c.next_slot)))
        throw no_stack(
            "gangway: no stack for a goroutine: no guard page can be had (vm.max_map_count is reached?)");
    slot = c.next_slot++;
}

g* new_g(stack_class& c) {
    std::uint32_t slot = 0;
    take_slot(c, slot);
    c.taken++;
    g* gp = ::new (slot_g(c, slot)) g;
    gp->cls = &c;
    gp->slot = slot;
    gp->stk.lo = slot_base(c, slot) + guard_size;
    gp->stk.hi = reinterpret_cast<std::uintptr_t>(gp);
    gp->stackguard = gp->stk.lo + stackguard_room;
#if defined(GANGWAY_TSAN)
    gp->tsan_fiber = __tsan_create_fiber(0);
#endif
    store_release(gp->status, Gdead);
    c.slabs[slot / c.slots_per_slab]->has_g[slot % c.slots_per_slab] = true;
    return gp;
}

// Gives the pages back; the guard stays.
void delete_g(stack_class& c, g* gp) {
    std::uint32_t slot = gp->slot;
#if defined(GANGWAY_TSAN)
    __tsan_destroy_fiber(gp->tsan_fiber);
#endif
    gp->~g();
    c.slabs[slot / c.slots_per_slab]->has_g[slot % c.slots_per_slab] = false;
    std::uintptr_t base = slot_base(c, slot);
    madvise(reinterpret_cast<void*>(base + guard_size), c.slot_size - guard_size, MADV_DONTNEED);
    c.fresh.push_back(slot);
    c.taken--;
}

void put_common(g* gp) {
    stack_class& c = *gp->cls;
    if (c.ndead >= common_cache) {
        delete_g(c, gp);
        return;
    }
    gp->schedlink = c.dead;
    c.dead = gp;
    c.ndead++;
}

g* get_common(stack_class& c) {
    g* gp = c.dead;
    if (gp == nullptr) return new_g(c);
    c.dead = gp->schedlink;
    c.ndead--;
    return gp;
}

void cache_push(p* pp, g* gp) {
    gp->schedlink = pp->gfree;
    pp->gfree = gp;
    pp->ngfree++;
}

g* cache_pop(p* pp) {
    g* gp = pp->gfree;
    if (gp == nullptr) return nullptr;
    pp->gfree = gp->schedlink;
    pp->ngfree--;
    return gp;
}

// On g0: making a slab takes more stack than a small goroutine has.
g* refill(p* pp) {
    std::size_t size = load_relaxed(sched.stack_size);
    stacks_lock.lock();
    g* first = nullptr;
    try {
        stack_class& c = class_of(size);
        first = get_common(c);
        // Dead ones only: a program that needs few goroutines touches few pages.
        for (std::uint32_t i = 1; pp != nullptr && i < move_batch && c.dead != nullptr; i++) {
            cache_push(pp, get_common(c));
        }
    } catch (...) {
        stacks_lock.unlock();
        throw;
    }
    stacks_lock.unlock();
    return first;
}

void spill(p* pp, std::uint32_t keep) {
    stacks_lock.lock();
    while (pp->ngfree > keep) put_common(cache_pop(pp));
    stacks_lock.unlock();
}

void visit_all(g_visitor f, void* arg) {
    for (stack_class* c = classes; c != nullptr; c = c->next) {
        for (std::uint32_t slot = 0; slot < c->next_slot; slot++) {
            if (c->slabs[slot / c->slots_per_slab]->has_g[slot % c->slots_per_slab]) f(slot_g(*c, slot), arg);
        }
    }
}

}  // namespace

g* gfget(p* pp) {
    while (pp != nullptr) {
        g* gp = cache_pop(pp);
        if (gp == nullptr) break;
        if (gp->cls->stack_size == load_relaxed(sched.stack_size)) return gp;
        stacks_lock.lock();  // stack_size was changed: of no use to this p any more
        put_common(gp);
        stacks_lock.unlock();
    }
    g* gp = nullptr;
    std::exception_ptr failed;  // nothing may unwind from g0 to here
    systemstack([&]() noexcept {
        try {
            gp = refill(pp);
        } catch (...) {
            failed = std::current_exception();
        }
    });
    if (failed) std::rethrow_exception(failed);
    return gp;
}

void gfput(p* pp, g* gp) {
#if defined(GANGWAY_ASAN)
    __asan_unpoison_memory_region(reinterpret_cast<void*>(gp->stk.lo), gp->stk.hi - gp->stk.lo);
#endif
    if (pp == nullptr) {
        stacks_lock.lock();
        put_common(gp);
        stacks_lock.unlock();
        return;
    }
    cache_push(pp, gp);
    if (pp->ngfree >= p_cache) spill(pp, p_cache - move_batch);
}

void gfpurge(p* pp) {
    spill(pp, 0);
}

void for_each_g(g_visitor f, void* arg) {
    stacks_lock.lock();
    visit_all(f, arg);
    stacks_lock.unlock();
}

bool try_for_each_g(g_visitor f, void* arg) {
    std::int64_t until = nanotime() + 100'000'000;
    while (!stacks_lock.try_lock()) {
        if (nanotime() > until) return false;
        cpu_relax();
    }
    visit_all(f, arg);
    stacks_lock.unlock();
    return true;
}

namespace {

std::uint64_t cached_by_ps() {
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; const p* pp = all_p(i); i++)
        for (const g* gp = pp->gfree; gp != nullptr; gp = gp->schedlink) bytes += gp->cls->stack_size;
    return bytes;
}

// Of the first n slots from base.
std::uint64_t resident_bytes(std::uintptr_t base, std::size_t n, std::size_t slot_size) {
    std::uint64_t pages = 0;
    constexpr std::size_t at_once = 4096;
    constexpr std::size_t guard_pages = guard_size / page_size;
    unsigned char resident[at_once];
    const std::size_t slot_pages = slot_size / page_size;
    const std::size_t end = n * slot_pages;
    for (std::size_t at = 0; at < end; at += at_once) {
        const std::size_t count = std::min(end - at, at_once);
        if (mincore(reinterpret_cast<void*>(base + at * page_size), count * page_size, resident) != 0) continue;
        // A slot at a time, without its guard, which the kernel says is there: this is most of what the report costs.
        for (std::size_t i = 0; i < count;) {
            const std::size_t in_slot = (at + i) % slot_pages;
            const std::size_t last = std::min(i + slot_pages - in_slot, count);
            for (i = in_slot < guard_pages ? i + guard_pages - in_slot : i; i < last; i++)
                pages += resident[i] & 1;
            i = last;
        }
    }
    return pages * page_size;
}

}  // namespace

stack_stats read_stack_stats() {
    stack_stats s{};
    stacks_lock.lock();
    for (stack_class* c = classes; c != nullptr; c = c->next) {
        s.reserved_bytes += c->slabs.size() * c->slots_per_slab * c->slot_size;
        s.in_use_bytes += (c->taken - c->ndead) * c->stack_size;
        s.cached_bytes += c->ndead * c->stack_size;
    }
    std::uint64_t of_ps = cached_by_ps();
    s.in_use_bytes -= of_ps;
    s.cached_bytes += of_ps;
    stacks_lock.unlock();
    return s;
}

std::uint64_t resident_stack_bytes() {
    std::uint64_t bytes = 0;
    stacks_lock.lock();
    stack_class* all = classes;
    stacks_lock.unlock();
    for (stack_class* c = all; c != nullptr; c = c->next) {
        for (std::size_t i = 0;; i++) {
            // A slab is never freed, so the lock is not held for long.
            stacks_lock.lock();
            std::size_t used = c->next_slot, each = c->slots_per_slab;
            std::uintptr_t base = i < c->slabs.size() ? c->slabs[i]->base : 0;
            stacks_lock.unlock();
            if (base == 0 || i * each >= used) break;
            bytes += resident_bytes(base, std::min(each, used - i * each), c->slot_size);
        }
    }
    return bytes;
}

bool in_guard(const g* gp, std::uintptr_t addr) {
    return addr < gp->stk.lo && addr >= gp->stk.lo - guard_size;
}

std::size_t stack_limit(const g* gp) {
    return gp->cls->stack_size;
}

}  // namespace gangway::runtime
