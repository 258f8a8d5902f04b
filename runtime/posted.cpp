// SPDX-License-Identifier: BSD-3-Clause
// Functions on their way to a thread, and waiting for one of them.
//
//  Q1 inbox_ is a stack that any thread pushes to by CAS (release: the call) and its owner takes as a whole (acquire), into
//     here_, in the order in which they came. It alone says what a push has to do:
//       asleep    nobody looks. Who pushes first owes the owner a wake-up; those after it find a call there, and owe none
//       looking   the owner will look before it sleeps
//       a call    as the one below it
//     The owner goes from looking to asleep by CAS, so it does not sleep beside a call.
//  Q2 Its lowest bit, once set, stays: closed. Setting it and pushing the last call are one step, so each push is either
//     taken, and run or refused by the owner in its order, or told that it is too late.
//  Q3 A completion is null, then who waits, then done; or done at once. Each step is one atomic operation, and the one to
//     done is the finisher's last touch: the waiter may be gone with its frame.
#include <gangway/detail/posted.hpp>
#include <gangway/pinned.hpp>
#include <stdexcept>
#include <string>

#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/signal_frame.hpp"
#include "runtime/spin.hpp"
#include "runtime/throw.hpp"

namespace gangway::detail {

using namespace runtime;

namespace {

constexpr std::uintptr_t closed_bit = 1;
constexpr std::uintptr_t asleep = 0;
constexpr std::uintptr_t looking = 2;

posted* call_in(std::uintptr_t word) {
    word &= ~closed_bit;
    return word == asleep || word == looking ? nullptr : reinterpret_cast<posted*>(word);
}

char done_mark;

}  // namespace

posted_queue::pushed posted_queue::push(posted* call) {
    if (in_signal_handler()) runtime::fatal("post: called in a signal handler");
    for (;;) {
        std::uintptr_t before = load_relaxed(inbox_);
        if ((before & closed_bit) != 0) return pushed::closed;
        call->next = call_in(before);
        chaos_window();
        if (cas_acq_rel(inbox_, before, reinterpret_cast<std::uintptr_t>(call)))  // Q1
            return before == asleep ? pushed::wake : pushed::seen;
    }
}

posted_queue::pushed posted_queue::close(posted* last) {
    for (;;) {
        std::uintptr_t before = load_relaxed(inbox_);
        if ((before & closed_bit) != 0) return pushed::closed;
        std::uintptr_t after = before | closed_bit;
        if (last != nullptr) {
            last->next = call_in(before);
            after = reinterpret_cast<std::uintptr_t>(last) | closed_bit;
        }
        if (cas_acq_rel(inbox_, before, after)) return before == asleep ? pushed::wake : pushed::seen;  // Q2
    }
}

bool posted_queue::has_come() const {
    return call_in(load_relaxed(inbox_)) != nullptr;
}

posted* posted_queue::take_and_leave(std::uintptr_t word) {
    if (here_ == nullptr) {
        std::uintptr_t all = load_relaxed(inbox_);
        do {
            if (call_in(all) == nullptr) return nullptr;
        } while (!inbox_.compare_exchange_weak(all, word | (all & closed_bit), std::memory_order_acq_rel,
                                               std::memory_order_relaxed));
        for (posted* call = call_in(all); call != nullptr;) {
            posted* before = call->next;
            call->next = here_;
            here_ = call;
            call = before;
        }
    }
    posted* first = here_;
    here_ = first->next;
    return first;
}

posted* posted_queue::take() {
    return take_and_leave(looking);
}

posted* posted_queue::take_and_sleep() {
    return take_and_leave(asleep);
}

bool posted_queue::has_more_here() const {
    return here_ != nullptr;
}

bool posted_queue::sleep() {
    std::uintptr_t now = load_relaxed(inbox_);
    chaos_window();
    return call_in(now) == nullptr && (now == asleep || cas_acq_rel(inbox_, now, asleep | (now & closed_bit)));
}

bool posted_queue::look() {
    std::uintptr_t now = load_relaxed(inbox_);
    return call_in(now) == nullptr && cas_acq_rel(inbox_, now, looking | (now & closed_bit));
}

void completion::finish() noexcept {
    chaos_window();
    void* waits = exchange_acq_rel(state_, &done_mark);  // Q3
    if (waits != nullptr) goready(static_cast<g*>(waits));
}

void completion::wait(unsigned char reason) {
    m* mp = getm();
    auto is_done = [this] { return load_acquire(state_) != nullptr; };
    if ((mp->home == nullptr || !has_own(mp)) && spin_for(mp, is_done)) return;
    auto unless_done = [](g* gp, void* at) {
        return cas_acq_rel(static_cast<completion*>(at)->state_, nullptr, gp);  // Q3
    };
    gopark(unless_done, this, static_cast<wait_reason>(reason));
    check(load_acquire(state_) == &done_mark, "completion: not done");
}

void throw_not_returned(const awaited_base& call, const char* what) {
    std::string name = std::string("gangway::") + what + "::run: ";
    if (call.refused) throw event_loop_ended(name + "the loop ended before the function was run");
    throw std::runtime_error(name + "the function called goexit");
}

}  // namespace gangway::detail
