// SPDX-License-Identifier: BSD-3-Clause
// What runs at the bottom of every goroutine's stack, and how goexit gets there.
#include "runtime/goroutine.hpp"

#include <cstdio>
#include <cxxabi.h>
#include <exception>
#include <gangway/runtime.hpp>
#include <stdexcept>
#include <typeinfo>

#include "runtime/alloca_blocks.hpp"
#include "runtime/bound.hpp"
#include "runtime/goroutine_local.hpp"
#include "runtime/newm.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/run.hpp"
#include "runtime/stack.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// On g0. The goroutine has ended; its stack is free.
void goexit0(g* gp) {
    m* mp = getm();
    bool ends_locked = gp->lock_os && !gp->bound;  // others live there that are bound to it
    run_frame* run = gp->run;
    bool returned = !gp->goexiting;
    if (mp->lockedg != nullptr) {
        gp->lockedm = nullptr;
        mp->lockedg = nullptr;
        mp->lockedext = 0;
        mp->nodirect--;
    }
    if (gp->bound) unbind(mp, gp);
    dropg(mp);
    if (gp->allocas != nullptr) free_all_allocas(gp);
    store_release(gp->status, Gdead);
    count(mp->p->ended);
    gfput(mp->p, gp);
    if (run != nullptr) run_ended(run, returned);
    if (ends_locked && mp->run == nullptr) mexit(mp);  // nobody shall see what it did to the thread
    schedule();
}

[[noreturn]] void end_goroutine(g* gp) {
    if (gp->locals != nullptr) end_locals(gp);
    to_g0(gp, &getm()->g0, &goexit0, true);
    __builtin_unreachable();
}

// The type of the exception being handled, as a person writes it.
const char* current_type() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "not a C++ exception";
    int status = 0;
    const char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    return name != nullptr ? name : type->name();
}

// The exception being handled and those nested in it, outermost first, as far as there is room.
void describe_current(const char* intro, char* text, std::size_t room) {
    int n = 0;
    try {
        throw;
    } catch (const std::exception& e) {
        n = std::snprintf(text, room, "%s%s: %s", intro, current_type(), e.what());
        if (n < 0 || static_cast<std::size_t>(n) >= room) return;
        try {
            std::rethrow_if_nested(e);
        } catch (...) {
            describe_current("; of: ", text + n, room - static_cast<std::size_t>(n));
        }
    } catch (...) {
        std::snprintf(text, room, "%s%s", intro, current_type());
    }
}

}  // namespace

void fatal_uncaught(const g* gp, const char* where) {
    char intro[100];
    std::snprintf(intro, sizeof intro, "uncaught exception in %s%llu: ", where,
                  static_cast<unsigned long long>(load_relaxed(gp->goid)));
    char line[1024];
    describe_current(intro, line, sizeof line);
    fatal(line);
}

namespace {

void run_entry(g* gp) {
    try {
        gp->entry(gp->entry_arg);
    } catch (...) {
        if (std::current_exception() != nullptr) fatal_uncaught(gp, "goroutine ");
        // An unwind by force is no exception of C++.
        if (!gp->goexiting) fatal("pthread_exit or pthread_cancel of a goroutine's thread");
        end_goroutine(gp);  // from inside the handler: ending the handler would be swallowing it
    }
}

// Called by the unwinder before each frame. The root's handler ends the unwind, so the end of the stack is never met.
_Unwind_Reason_Code goexit_step(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception*,
                                _Unwind_Context*, void*) {
    if ((actions & _UA_END_OF_STACK) != 0) fatal("goexit: unwound past the goroutine's first frame");
    return _URC_NO_REASON;
}

// Called when a handler ends without rethrowing.
void goexit_swallowed(_Unwind_Reason_Code, _Unwind_Exception*) {
    if (m* mp = getm(); mp != nullptr && mp->curg != nullptr && mp->curg->goexit_kept) return;
    fatal("goexit was swallowed by a catch (...) that does not rethrow");
}

}  // namespace

void continue_goexit(g* gp) {
    gp->goexit_kept = false;
    gp->has_kept = gp->kept != nullptr;
    gp->goexiting = true;
    gp->goexit_unwind = _Unwind_Exception{};
    gp->goexit_unwind.exception_class = 0x47414E4757415900;  // "GANGWAY"
    gp->goexit_unwind.exception_cleanup = &goexit_swallowed;
    abandoning_frames();  // as a throw does; AddressSanitizer knows of those by itself, but not of unwinds by force
    _Unwind_ForcedUnwind(&gp->goexit_unwind, &goexit_step, nullptr);
    fatal("goexit: cannot unwind this stack");
}

}  // namespace gangway::runtime

extern "C" void gangway_goroutine_main() {
    using namespace gangway::runtime;
    m* mp = getm();
    g* gp = mp->curg;
    arrived(gp);
    settle_left(mp);
    if (gp->run != nullptr) run_started(gp);
    run_entry(gp);
    end_goroutine(gp);
}

namespace gangway {

void goexit() {
    using namespace runtime;
    if (!on_curg_stack())
        throw std::logic_error("gangway::goexit: not on a goroutine's stack (inside C, call it from a callback)");
    continue_goexit(getm()->curg);
}

}  // namespace gangway
