// SPDX-License-Identifier: BSD-3-Clause
// Foreign threads: those that the runtime did not make. One that calls in is given an extra m, with a g of its own, and
// keeps it until it ends.
//
//  I1 An extra m in use belongs to its thread: getm() gives it there, and a pthread key's destructor takes it away again
//     (dropm). Those that nobody uses stand in sched.extram with all that they own: their g and its stack. Where none
//     stands there needm makes one, so nobody waits for another thread's m. None is ever freed.
//  I2 Between two entries the thread is in C as if its g had called it: in_syscall is set, and the m keeps the p that it
//     used last for as long as nobody takes it by the handshake (H1). So an entry costs what a callback costs. For
//     everybody else the g is dead meanwhile: not counted, not shown.
//  I3 The g is locked to its m for good: C's frames lie on the thread's own stack, which is the m's g0.
//  I4 Between entries g0.sched.sp is null, and that is how an entry is told from a callback within one. So nothing is
//     assumed about the stack that C comes from; it may be a coroutine's of its own.
//
//  I5 Once the runtime has stopped for good an entry that has not begun is refused: one that comes sees it in attention,
//     or under sched.lock where it finds no p (exitsyscall0); those that sleep for a p by then are woken without one
//     (refuse_entries). Only m.entering tells that one of these may be done to an m.
//
// Its signal mask and its scheduling stay as they are, so threads are never made from it (attributes_may_differ).
#pragma once

#include <exception>
#include <type_traits>

#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

// The calling thread's m; an extra one where it has none. Null when the runtime has stopped.
m* needm();
// The calling thread's extra m, between entries: the thread has none any more.
void dropm(m* mp);

// fn(arg) as a goroutine on the calling foreign thread, outside of an entry. May park; nothing may leave fn. False: the
// runtime has stopped, and fn was not called.
[[nodiscard]] bool enter_foreign(m* mp, void (*fn)(void*), void* arg);

// Whether a foreign thread's own code calls, not a goroutine and not what one has called.
inline bool outside_of_runtime() {
    const m* mp = getm();
    return mp == nullptr || (mp->extra && mp->g0.sched.sp == nullptr);  // I4
}

// On g0 of an m that is entering. Back to its goroutine without a p. I5
[[noreturn]] void refuse_entry(m* mp);
// The world has stopped for good. I5
void refuse_entries();

[[noreturn]] void throw_stopped(const char* what);

// There: f() as a goroutine, for what parks. What it throws comes out, and std::logic_error when the runtime has stopped.
template <class F>
void as_goroutine(const char* what, F&& f) {
    struct operation {
        std::remove_reference_t<F>& f;
        std::exception_ptr thrown;
    } at{f, nullptr};
    auto run = [](void* to) {
        auto* self = static_cast<operation*>(to);
        try {
            self->f();
        } catch (...) {
            self->thrown = std::current_exception();
        }
    };
    m* mp = needm();
    if (mp == nullptr || !enter_foreign(mp, run, &at)) throw_stopped(what);
    if (at.thrown != nullptr) std::rethrow_exception(at.thrown);
}

}  // namespace gangway::runtime
