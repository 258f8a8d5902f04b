// SPDX-License-Identifier: BSD-3-Clause
#include "callbacks/closure.hpp"

#include <cstdio>
#include <ffi.h>
#include <gangway/callback.hpp>
#include <mutex>
#include <new>
#include <utility>

#include "runtime/atomic.hpp"
#include "runtime/chaos_window.hpp"
#include "runtime/closure_list.hpp"
#include "runtime/fence.hpp"
#include "runtime/lock_futex.hpp"
#include "runtime/throw.hpp"
#include "runtime/tls.hpp"
#include "runtime/types.hpp"

namespace gangway::detail {

enum class life : std::uint8_t { living, released, gone };

class alignas(64) closure {
public:
    closure_target* target = nullptr;
    std::atomic<runtime::m*> owner{nullptr};    // CL2: set once in a life
    std::atomic<std::uint32_t> own_calls{0};    // CL2
    std::atomic<std::uint32_t> other_calls{0};  // CL2
    std::atomic<life> state{life::gone};        // CL1

    ffi_closure* ffi = nullptr;
    void* code = nullptr;
    std::string_view signature;
    place made_at;
    closure* next_gone = nullptr;  // pool_lock
    closure* next_made = nullptr;  // set once, under pool_lock
};

}  // namespace gangway::detail

namespace gangway::runtime {

using detail::closure;
using detail::closure_target;
using detail::life;

namespace {

m_lock pool_lock{lock_rank::closures};
closure* oldest_gone = nullptr;  // pool_lock
closure* newest_gone = nullptr;  // pool_lock
int gone_count = 0;              // pool_lock
closure* all_made = nullptr;     // pool_lock
std::uint64_t living = 0;        // pool_lock

// Null: CL4 keeps those there are.
closure* take_gone() {
    std::lock_guard guard(pool_lock);
    if (gone_count <= closures_kept_from_use) return nullptr;
    gone_count--;
    living++;
    return std::exchange(oldest_gone, oldest_gone->next_gone);
}

closure* make_another() {
    auto c = std::make_unique<closure>();
    c->ffi = static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), &c->code));
    if (c->ffi == nullptr) throw std::bad_alloc();
    std::lock_guard guard(pool_lock);
    c->next_made = std::exchange(all_made, c.get());
    living++;
    return c.release();
}

void put_gone(closure* c) {
    std::lock_guard guard(pool_lock);
    c->next_gone = nullptr;
    (gone_count++ == 0 ? oldest_gone : newest_gone->next_gone) = c;
    newest_gone = c;
    living--;
}

[[noreturn, gnu::noinline]] void fatal_released(const closure* c) {
    char line[500];
    std::snprintf(line, sizeof line, "runtime: the callback %.*s, made in %s (%s:%u)",
                  static_cast<int>(c->signature.size()), c->signature.data(), c->made_at.function, c->made_at.file,
                  c->made_at.line);
    fatal_with(line, "callback called after it was released");
}

// The caller has seen that c is released, and no call in it. CL3
bool take_dead(closure* c) {
    return cas_seq_cst(c->state, life::released, life::gone);
}

void destroy(closure* c) {
    delete std::exchange(c->target, nullptr);
    put_gone(c);
}

// A call in a closure. Out of C it begins and ends on one m; goroutine code that calls the pointer as a plain function
// may change ms in between.
class call_in {
public:
    explicit call_in(closure* c) : c_(c), own_(enter(c)) {
        chaos_window();
        if (load_seq_cst(c->state) != life::living) [[unlikely]]
            fatal_released(c);
    }
    call_in(const call_in&) = delete;
    call_in& operator=(const call_in&) = delete;
    ~call_in() {
        if (own_) {
            store_release(c_->own_calls, load_relaxed(c_->own_calls) - 1);
            light_fence();
        } else {
            add_seq_cst(c_->other_calls, -1U);
        }
        if (load_seq_cst(c_->state) != life::living) [[unlikely]]
            leave_released();
    }

private:
    // True: counted in own_calls. CL2
    static bool enter(closure* c) {
        m* mp = getm();
        if (mp != nullptr && load_relaxed(mp->in_syscall) != 0) [[likely]] {
            m* owner = load_relaxed(c->owner);
            if (owner == mp || (owner == nullptr && cas_seq_cst(c->owner, nullptr, mp))) {
                store_relaxed(c->own_calls, load_relaxed(c->own_calls) + 1);
                light_fence();
                return true;
            }
        }
        add_seq_cst(c->other_calls, 1U);
        return false;
    }

    [[gnu::noinline]] void leave_released() {
        heavy_fence();  // CL2
        if (load_acquire(c_->own_calls) != 0 || load_acquire(c_->other_calls) != 0 || !take_dead(c_)) return;
        // What f holds may do anything when it is destroyed: as goroutine code, as f was.
        auto at_end = [](void* c) { destroy(static_cast<closure*>(c)); };
        if (detail::cgocallback(at_end, c_) == detail::callback_result::plain_call) destroy(c_);
    }

    closure* c_;
    bool own_;
};

void on_call(ffi_cif*, void* result, void** args, void* at) {
    auto* c = static_cast<closure*>(at);
    call_in call(c);
    c->target->call(result, args);
}

}  // namespace

closure* new_closure(const signature_description& signature, std::unique_ptr<closure_target> target,
                     detail::place where) {
    closure* c = take_gone();
    if (c == nullptr) c = make_another();
    c->target = target.release();
    c->signature = signature.text;
    c->made_at = where;
    store_relaxed(c->owner, nullptr);
    check(ffi_prep_closure_loc(c->ffi, const_cast<ffi_cif*>(&signature.cif), &on_call, c, c->code) == FFI_OK,
          "callback: ffi_prep_closure_loc failed");
    store_release(c->state, life::living);
    return c;
}

std::uint64_t living_closures() {
    std::lock_guard guard(pool_lock);
    return living;
}

void for_each_closure(closure_visitor f, void* arg) {
    std::lock_guard guard(pool_lock);
    for (const closure* c = all_made; c != nullptr; c = c->next_made) {
        if (load_acquire(c->state) == life::living) f({c->code, c->signature, c->made_at}, arg);
    }
}

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

closure* make_closure(closure_signature& of, std::unique_ptr<closure_target> target, place where) {
    return new_closure(description_of(of), std::move(target), where);
}

void* code_of(const closure* c) noexcept {
    return c->code;
}

void release_closure(closure* c) noexcept {
    c->state.exchange(life::released, std::memory_order_seq_cst);
    chaos_window();
    m* owner = load_seq_cst(c->owner);
    if (owner != nullptr && owner != getm()) heavy_fence();  // CL2
    if (load_acquire(c->own_calls) == 0 && load_seq_cst(c->other_calls) == 0 && take_dead(c)) destroy(c);
}

}  // namespace gangway::detail
