// SPDX-License-Identifier: BSD-3-Clause
// Channels.
//
//  C1 Under c.lock at least one of sendq and recvq is empty. For a buffered one: values in the buffer mean that recvq is
//     empty, room in it that sendq is.
//  C2 Whoever takes a sudog off a queue, under the lock, owns its goroutine and its elem, until goready: the
//     goroutine cannot go on before. So a value goes straight from one stack to the other after the lock is released,
//     and a move constructor of the user's runs outside of it.
//  C3 A buffer slot's value is moved under the lock. Such moves do not throw (chan.hpp boxes a T whose move may), and
//     must not use this channel.
//  C4 A sudog is in its goroutine's frame: it is gone once that goes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <gangway/chan.hpp>
#include <gangway/detail/listed.hpp>
#include <optional>

#include "runtime/biased_lock.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

struct waitq {
    one_writer<sudog*> first{nullptr};
    sudog* last = nullptr;

    bool empty() const { return first == nullptr; }  // without the lock a guess
    void enqueue(sudog* s) {
        s->next = nullptr;
        s->prev = last;
        set_next_of(last, s);
        last = s;
    }
    // A waiter that is now the caller's: C2. A select's may have been won on another channel meanwhile: V2.
    sudog* dequeue() {
        while (sudog* s = first) {
            remove(s);
            if (!s->is_select || cas_seq_cst(s->gp->select_done, 0, 1)) return s;
        }
        return nullptr;
    }
    // s may be off the queue already.
    void remove(sudog* s) {
        if (s->prev == nullptr && first != s) return;
        set_next_of(s->prev, s->next);
        (s->next != nullptr ? s->next->prev : last) = s->prev;
        s->next = s->prev = nullptr;
    }

private:
    void set_next_of(sudog* s, sudog* next) {
        if (s != nullptr) {
            s->next = next;
        } else {
            first = next;
        }
    }
};

}  // namespace gangway::runtime

namespace gangway::detail {

struct hchan {
    hchan(const elem_type* t, std::size_t n, std::byte* at) : type(t), capacity(n), buffer(at) {}

    const elem_type* type;
    std::size_t capacity;
    std::byte* buffer;  // capacity elements; after this struct
    std::atomic<std::size_t> refs{1};

    runtime::biased_lock lock{runtime::lock_rank::channel};
    std::atomic<bool> closed{false};    // written under lock; select looks without it
    std::atomic<std::size_t> count{0};  // written under lock; elements in the buffer
    std::size_t sendx = 0;              // lock: where the next is put
    std::size_t recvx = 0;              // lock: where the next is taken
    runtime::waitq sendq;               // lock; select looks whether they are empty without it
    runtime::waitq recvq;
    listed entry{listed_kind::channel, this};
};

// With the lock held. When the operation can go on it is done, unlock() called on the way, and what came of it
// returned; else nothing has changed, the lock neither.
template <class Unlock>
std::optional<chan_result> send_locked(hchan* c, void* elem, Unlock unlock);
template <class Unlock>
std::optional<chan_result> recv_locked(hchan* c, void* room, Unlock unlock);

void move_elem(const elem_type& type, void* to, void* from);
void put_in_buffer(hchan* c, void* elem);
void take_from_buffer(hchan* c, void* room);
void wake(runtime::sudog* s, bool success);

template <class Unlock>
std::optional<chan_result> send_locked(hchan* c, void* elem, Unlock unlock) {
    if (runtime::load_relaxed(c->closed)) {
        unlock();
        return chan_result::closed;
    }
    if (runtime::sudog* receiver = c->recvq.dequeue()) {
        unlock();
        move_elem(*c->type, receiver->elem, elem);  // C2
        wake(receiver, true);
        return chan_result::done;
    }
    if (runtime::load_relaxed(c->count) < c->capacity) {
        put_in_buffer(c, elem);
        unlock();
        return chan_result::done;
    }
    return std::nullopt;
}

template <class Unlock>
std::optional<chan_result> recv_locked(hchan* c, void* room, Unlock unlock) {
    if (runtime::load_relaxed(c->count) != 0) {
        take_from_buffer(c, room);
        runtime::sudog* sender = c->sendq.dequeue();
        if (sender != nullptr) put_in_buffer(c, sender->elem);  // C1, C2
        unlock();
        if (sender != nullptr) wake(sender, true);
        return chan_result::done;
    }
    if (runtime::sudog* sender = c->sendq.dequeue()) {
        unlock();
        move_elem(*c->type, room, sender->elem);  // C2
        wake(sender, true);
        return chan_result::done;
    }
    if (runtime::load_relaxed(c->closed)) {
        unlock();
        return chan_result::closed;
    }
    return std::nullopt;
}

}  // namespace gangway::detail
