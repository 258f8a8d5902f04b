// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/chan.hpp"

#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/start.hpp"
#include "runtime/systemstack.hpp"

namespace gangway::detail {

using namespace runtime;

void move_elem(const elem_type& type, void* to, void* from) {
    if (type.move != nullptr) {
        type.move(to, from);
    } else if (type.size == sizeof(void*)) {
        std::memcpy(to, from, sizeof(void*));
    } else {
        std::memcpy(to, from, type.size);
    }
}

namespace {

void destroy_elem(const elem_type& type, void* at) {
    if (type.destroy != nullptr) type.destroy(at);
}

void* slot(hchan* c, std::size_t i) {
    return c->buffer + i * c->type->size;
}

std::size_t after(const hchan* c, std::size_t i) {
    return i + 1 == c->capacity ? 0 : i + 1;
}

}  // namespace

void put_in_buffer(hchan* c, void* elem) {
    move_elem(*c->type, slot(c, c->sendx), elem);
    c->sendx = after(c, c->sendx);
    count(c->count);
}

void take_from_buffer(hchan* c, void* room) {
    void* from = slot(c, c->recvx);
    move_elem(*c->type, room, from);
    destroy_elem(*c->type, from);
    c->recvx = after(c, c->recvx);
    count(c->count, std::size_t(-1));
}

void wake(sudog* s, bool success) {
    s->success = success;
    s->gp->param = s;  // V3
    goready(s->gp);
}

namespace {

bool unlock_biased(g*, void* lock) {
    static_cast<biased_lock*>(lock)->unlock(getm()->p);
    return true;
}

bool unlock_word(g*, void* lock) {
    static_cast<biased_lock*>(lock)->unlock(nullptr);
    return true;
}

// Parks on q, c's lock held. True: a partner took or gave the value; false: the channel was closed.
bool wait_on(hchan* c, p* held_by, waitq& q, void* elem, wait_reason why) {
    sudog s;
    s.gp = getm()->curg;
    s.elem = elem;
    q.enqueue(&s);
    gopark(held_by != nullptr ? &unlock_biased : &unlock_word, &c->lock, why);
    return s.success;
}

// For an operation that has to wait where no goroutine runs: it is done as a goroutine's.
template <class F>
chan_result elsewhere(const char* what, F operation) {
    if (!outside_of_runtime()) check_can_park(what);
    chan_result result{};
    as_goroutine(what, [&] { result = operation(); });
    return result;
}

}  // namespace

hchan* makechan(const elem_type* type, std::size_t capacity) {
    runtime_start();
    std::size_t align = type->align < alignof(hchan) ? alignof(hchan) : type->align;
    std::size_t head = (sizeof(hchan) + align - 1) / align * align;
    std::size_t most = (static_cast<std::size_t>(-1) / 2 - head) / type->size;
    if (capacity > most)
        throw std::length_error("gangway::chan: capacity " + std::to_string(capacity) +
                                " is more than memory holds");
    auto* at = static_cast<std::byte*>(::operator new(head + capacity * type->size, std::align_val_t(align)));
    return ::new (at) hchan(type, capacity, at + head);
}

void chanretain(hchan* c) noexcept {
    add_relaxed(c->refs, 1U);
}

void chanrelease(hchan* c) noexcept {
    if (add_acq_rel(c->refs, std::size_t(-1)) != 0) return;
    const elem_type* type = c->type;
    while (load_relaxed(c->count) != 0) {
        destroy_elem(*type, slot(c, c->recvx));
        c->recvx = after(c, c->recvx);
        count(c->count, std::size_t(-1));
    }
    std::size_t align = type->align < alignof(hchan) ? alignof(hchan) : type->align;
    c->~hchan();
    ::operator delete(static_cast<void*>(c), std::align_val_t(align));
}

chan_result chansend(hchan* c, void* elem, bool block) {
    preempt_check();
    p* held_by = c->lock.lock();
    if (std::optional<chan_result> r = send_locked(c, elem, [=] { c->lock.unlock(held_by); })) return *r;
    if (!block || !on_curg_stack()) [[unlikely]] {
        c->lock.unlock(held_by);
        if (!block) return chan_result::would_block;
        return elsewhere("chan::send", [=] { return chansend(c, elem, true); });
    }
    return wait_on(c, held_by, c->sendq, elem, wait_reason::chan_send) ? chan_result::done : chan_result::closed;
}

chan_result chanrecv(hchan* c, void* room, bool block) {
    preempt_check();
    p* held_by = c->lock.lock();
    if (std::optional<chan_result> r = recv_locked(c, room, [=] { c->lock.unlock(held_by); })) return *r;
    if (!block || !on_curg_stack()) [[unlikely]] {
        c->lock.unlock(held_by);
        if (!block) return chan_result::would_block;
        return elsewhere("chan::recv", [=] { return chanrecv(c, room, true); });
    }
    return wait_on(c, held_by, c->recvq, room, wait_reason::chan_receive) ? chan_result::done
                                                                          : chan_result::closed;
}

bool closechan(hchan* c) {
    c->lock.lock();
    if (load_relaxed(c->closed)) {
        c->lock.unlock();
        return false;
    }
    store_relaxed(c->closed, true);
    sudog* woken = nullptr;  // all of them are the caller's now; readied without the lock
    for (waitq* q : {&c->recvq, &c->sendq}) {
        while (sudog* s = q->dequeue()) {
            s->next = woken;
            woken = s;
        }
    }
    c->lock.unlock();
    while (woken != nullptr) {
        sudog* s = woken;
        woken = s->next;  // before it goes on: C4
        wake(s, false);
    }
    return true;
}

std::size_t chanlen(const hchan* c) noexcept {
    return load_relaxed(c->count);
}

std::size_t chancap(const hchan* c) noexcept {
    return c->capacity;
}

}  // namespace gangway::detail
