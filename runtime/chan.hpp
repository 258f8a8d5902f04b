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

#include "runtime/types.hpp"

namespace gangway::runtime {

struct waitq {
    sudog* first = nullptr;
    sudog* last = nullptr;

    bool empty() const { return first == nullptr; }
    void enqueue(sudog* s) {
        s->next = nullptr;
        s->prev = last;
        (last != nullptr ? last->next : first) = s;
        last = s;
    }
    sudog* dequeue() {
        sudog* s = first;
        if (s == nullptr) return nullptr;
        first = s->next;
        (first != nullptr ? first->prev : last) = nullptr;
        return s;
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

    runtime::m_lock lock;
    std::atomic<bool> closed{false};    // written under lock; read without it by the ops that would only fail
    std::atomic<std::size_t> count{0};  // written under lock; elements in the buffer
    std::size_t sendx = 0;              // lock: where the next is put
    std::size_t recvx = 0;              // lock: where the next is taken
    runtime::waitq sendq;               // lock
    runtime::waitq recvq;               // lock
};

}  // namespace gangway::detail
