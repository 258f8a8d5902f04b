// SPDX-License-Identifier: BSD-3-Clause
// What each goroutine, and each thread that runs none, has of goroutine_locals: its own table, so no locks.
#include "runtime/goroutine_local.hpp"

#include <algorithm>
#include <gangway/goroutine_local.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "runtime/atomic.hpp"
#include "runtime/tls.hpp"

namespace gangway::runtime {

using detail::local_value;

struct local_values {
    struct entry {
        std::uint64_t key;
        local_value* value;
    };
    std::vector<entry> by_key;  // sorted; keys are never used again
    local_value* newest = nullptr;
};

namespace {

constinit std::atomic<std::uint64_t> last_key{0};

// Off a goroutine. Trivial, so that it may be used as long as the thread runs; at_thread_end empties it.
constinit thread_local local_values* of_thread = nullptr;

// Takes v out of the table first: its destructor may use the same goroutine_local.
void destroy(local_values& of, local_value* v) noexcept {
    auto at = std::ranges::lower_bound(of.by_key, v->key, {}, &local_values::entry::key);
    of.by_key.erase(at);
    local_value** link = &of.newest;
    while (*link != v) link = &(*link)->older;
    *link = v->older;
    v->destroy(v);
}

// Destructors may add to it.
void destroy_all(local_values*& of) noexcept {
    while (of->newest != nullptr) destroy(*of, of->newest);
    delete std::exchange(of, nullptr);
}

struct thread_end {
    ~thread_end() {
        if (of_thread != nullptr) destroy_all(of_thread);
    }
    void registers() {}
};
thread_local thread_end at_thread_end;

// The goroutine that runs here, or whose C call this is. A foreign thread's own and its callbacks' are the thread's: they
// live as long.
g* current_g() {
    m* mp = getm();
    return mp != nullptr && !mp->extra ? static_cast<g*>(mp->curg) : nullptr;
}

local_values*& own_values() {
    g* gp = current_g();
    if (gp != nullptr) return gp->locals;
    return of_thread;
}

local_value* find(const local_values& in, std::uint64_t key) {
    auto at = std::ranges::lower_bound(in.by_key, key, {}, &local_values::entry::key);
    return at != in.by_key.end() && at->key == key ? at->value : nullptr;
}

}  // namespace

void end_locals(g* gp) noexcept {
    // A goexit ends in a handler, for good. The destructors are not in it.
    *getm()->eh = eh_globals{};
    destroy_all(gp->locals);
}

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

std::uint64_t new_local_key() noexcept {
    return add_relaxed(last_key, 1U);
}

local_value* find_local(std::uint64_t key) noexcept {
    const local_values* own = own_values();
    return own != nullptr ? find(*own, key) : nullptr;
}

void add_local(local_value* v) {
    local_values*& own = own_values();
    if (own == nullptr) {
        if (current_g() == nullptr) at_thread_end.registers();
        own = new local_values;
    }
    auto at = std::ranges::lower_bound(own->by_key, v->key, {}, &local_values::entry::key);
    if (at != own->by_key.end() && at->key == v->key)
        throw std::logic_error("gangway::goroutine_local: making its value has used it");
    own->by_key.insert(at, {v->key, v});
    v->older = std::exchange(own->newest, v);
}

void drop_local(std::uint64_t key) noexcept {
    local_values* own = own_values();
    local_value* v = own != nullptr ? find(*own, key) : nullptr;
    if (v != nullptr) destroy(*own, v);
}

}  // namespace gangway::detail
