// SPDX-License-Identifier: BSD-3-Clause
// The list of objects that write_heap_dump() finds: slots with an object's address or null. To make and to destroy an
// object takes no locked instruction: each m has free slots of its own, by the handful.
//
//  Y1 A slot is written by whoever makes or destroys the object that has it. Which slots are free is known to one m, or
//     under slots_lock.
//  Y2 Whoever destroys an object empties its slot, then looks whether somebody scans, and waits until that is over; who
//     scans announces that, then reads the slots. Between the two steps on either side stands the asymmetric fence (F1):
//     the scanner sees the slot empty, or the other waits with the object whole.
//
// Why not linked lists under locks: two locks for an object that is made and destroyed, 25 ns, in goroutine code that
// makes a channel or callback for each of its calls.
#include <array>
#include <cstddef>
#include <gangway/detail/listed.hpp>
#include <new>
#include <sched.h>

#include "runtime/each.hpp"
#include "runtime/lock_futex.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

using listed_slot = std::atomic<const detail::listed*>;

// Free slots. Of an m: its own, and what was made there less what was destroyed there, which may be below zero: all of
// them together give how many there are.
struct listed_slots {
    static constexpr std::size_t most = 64;
    std::size_t n = 0;
    std::array<std::atomic<std::int64_t>, detail::listed_kinds> living{};  // owner; others read
    std::array<listed_slot*, most> at{};
};

namespace {

constexpr std::size_t chunk_slots = 1000;
constexpr std::size_t batch = listed_slots::most / 2;

// Never freed.
struct chunk {
    chunk* next;
    std::array<listed_slot, chunk_slots> slots{};
};

struct free_batch {
    free_batch* next;
    listed_slots slots;
};

constinit m_lock slots_lock{lock_rank::listed_slots};
constinit chunk* chunks = nullptr;             // slots_lock
constinit std::size_t used_of_first = 0;       // slots_lock; of the first chunk's slots
constinit free_batch* full_batches = nullptr;  // slots_lock
constinit free_batch* bare_batches = nullptr;  // slots_lock; structs without slots
constinit listed_slots for_others;             // slots_lock; of threads that are no ms

constinit std::atomic<bool> scanning{false};  // Y2

// slots_lock held. As many as there is memory for.
void fill(listed_slots& to) {
    if (free_batch* full = full_batches) {
        full_batches = full->next;
        while (full->slots.n > 0) to.at[to.n++] = full->slots.at[--full->slots.n];
        full->next = bare_batches;
        bare_batches = full;
        return;
    }
    while (to.n < batch) {
        if (chunks == nullptr || used_of_first == chunk_slots) {
            auto* made = new (std::nothrow) chunk;
            if (made == nullptr) return;
            made->next = chunks;
            chunks = made;
            used_of_first = 0;
        }
        to.at[to.n++] = &chunks->slots[used_of_first++];
    }
}

// slots_lock held.
void spill(listed_slots& from) {
    free_batch* to = bare_batches;
    if (to != nullptr) {
        bare_batches = to->next;
    } else {
        to = new (std::nothrow) free_batch;
        if (to == nullptr) {  // these slots are lost
            from.n -= batch;
            return;
        }
    }
    to->slots.n = 0;
    while (to->slots.n < batch) to->slots.at[to->slots.n++] = from.at[--from.n];
    to->next = full_batches;
    full_batches = to;
}

std::atomic<std::int64_t>& living(listed_slots& of, detail::listed_kind kind) {
    return of.living[static_cast<std::size_t>(kind)];
}

listed_slot* take_from(listed_slots& from, detail::listed_kind kind) {
    count(living(from, kind));
    return from.at[--from.n];
}

void give_to(listed_slots& to, detail::listed_kind kind, listed_slot* slot) {
    count(living(to, kind), -1);
    to.at[to.n++] = slot;
}

[[gnu::noinline]] listed_slot* take_slowly(m* mp, detail::listed_kind kind) {
    slots_lock.lock();
    if (mp != nullptr && mp->listed == nullptr) mp->listed = new (std::nothrow) listed_slots;
    listed_slots& from = mp != nullptr && mp->listed != nullptr ? *mp->listed : for_others;
    if (from.n == 0) fill(from);
    listed_slot* slot = from.n != 0 ? take_from(from, kind) : nullptr;
    slots_lock.unlock();
    return slot;
}

[[gnu::noinline]] void give_slowly(m* mp, detail::listed_kind kind, listed_slot* slot) {
    slots_lock.lock();
    listed_slots& to = mp != nullptr && mp->listed != nullptr ? *mp->listed : for_others;
    if (to.n == listed_slots::most) spill(to);
    give_to(to, kind, slot);
    slots_lock.unlock();
}

listed_slot* take(detail::listed_kind kind) {
    m* mp = getm();
    if (mp == nullptr || mp->listed == nullptr || mp->listed->n == 0) [[unlikely]]
        return take_slowly(mp, kind);
    return take_from(*mp->listed, kind);
}

void give(detail::listed_kind kind, listed_slot* slot) {
    m* mp = getm();
    if (mp == nullptr || mp->listed == nullptr || mp->listed->n == listed_slots::most) [[unlikely]] {
        give_slowly(mp, kind, slot);
        return;
    }
    give_to(*mp->listed, kind, slot);
}

}  // namespace

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

void listed::enlist() noexcept {
    slot_ = take(kind_);
    if (slot_ != nullptr) store_release(*slot_, this);
}

void listed::delist() noexcept {
    if (slot_ == nullptr) return;
    store_relaxed(*slot_, nullptr);
    light_fence();
    while (load_acquire(scanning)) [[unlikely]]
        sched_yield();  // Y2
    give(kind_, slot_);
}

void listed::for_each(listed_kind kind, void (*f)(const void* object, void* arg), void* arg) {
    store_seq_cst(scanning, true);
    heavy_fence();
    slots_lock.lock();
    chunk* first = chunks;
    slots_lock.unlock();
    for (chunk* c = first; c != nullptr; c = c->next) {
        for (const listed_slot& slot : c->slots) {
            const listed* l = load_acquire(slot);
            if (l != nullptr && l->kind_ == kind) f(l->object_, arg);
        }
    }
    store_release(scanning, false);
}

std::uint64_t listed::count(listed_kind kind) noexcept {
    slots_lock.lock();  // which ms have slots, too
    std::int64_t n = load_relaxed(living(for_others, kind));
    each_m([&](const m& mp) { n += mp.listed != nullptr ? load_relaxed(living(*mp.listed, kind)) : 0; });
    slots_lock.unlock();
    return n > 0 ? static_cast<std::uint64_t>(n) : 0;  // they change meanwhile, on threads that nothing stops
}

}  // namespace gangway::detail
