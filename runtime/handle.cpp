// SPDX-License-Identifier: BSD-3-Clause
// The table behind handle.
//
//  M1 An id is a slot's number and its turn: which of the values that have stood in it is meant. Turns are odd while
//     a value stands there and even while none does, so no id is ever right twice, nor is one of a slot that is
//     empty.
//  M2 Slots stand in blocks, each as large as all before it together, that are never freed or moved. So a look-up
//     needs no lock: whatever the id says, there is a slot to look at or there is none. Number 0 is a slot that stays
//     empty.
//  M3 A slot's value is written under table_lock while the slot is empty, and its turn stored last (release); who
//     looks it up loads the turn first (acquire). release() takes the turn on by a CAS, so of two one wins, and puts
//     the slot into the free list when the value is gone.
#include <gangway/handle.hpp>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

#include "runtime/atomic.hpp"
#include "runtime/handle.hpp"
#include "runtime/lock_futex.hpp"

namespace gangway::runtime {

namespace {

using detail::handle_value;

struct slot {
    std::atomic<std::uint32_t> turn{0};  // M1, M3
    std::uint32_t next_free = 0;         // table_lock. A number; 0: none
    handle_value value{};                // M3
};

constexpr std::uint32_t last_turn = ~0U - 1;  // a slot that has reached it is not used again

// Of the block whose numbers have this bit as their highest: where its slot would be if it began with number 0. Set
// once each, in order; the last stays null. An address and no pointer: it is outside of the block.
std::atomic<std::uintptr_t> bases[32];
constexpr int last_block = 31;
slot* blocks[last_block];  // table_lock. The same, for who looks for leaks. Never freed: M2
m_lock table_lock{lock_rank::handles};
std::uint32_t first_free = 0;   // table_lock
std::uint32_t next_number = 1;  // table_lock
std::atomic<std::uint64_t> living{0};

// 0 and 1 are in block 0, 2 and 3 in block 1, 4 to 7 in block 2 ...
int block_of(std::uint32_t number) {
    return static_cast<int>(std::bit_width(number | 1)) - 1;
}

// Null: there is none of that number.
slot* find(std::uint32_t number) {
    const std::uintptr_t base = load_acquire(bases[block_of(number)]);
    return base != 0 ? reinterpret_cast<slot*>(base + number * sizeof(slot)) : nullptr;
}

std::uint32_t number_of(std::uintptr_t id) {
    return static_cast<std::uint32_t>(id);
}
std::uint32_t turn_of(std::uintptr_t id) {
    return static_cast<std::uint32_t>(id >> 32);
}

bool is_living(const slot* s, std::uint32_t turn) {
    return s != nullptr && turn % 2 == 1 && load_acquire(s->turn) == turn;  // M3
}

// table_lock held.
void add_block(int block) {
    const std::size_t first = block == 0 ? 0 : std::size_t{1} << block;
    blocks[block] = new slot[block == 0 ? 2 : first];
    store_release(bases[block], reinterpret_cast<std::uintptr_t>(blocks[block]) - first * sizeof(slot));
}

// table_lock held.
std::uint32_t take_number() {
    if (const std::uint32_t number = first_free; number != 0) {
        first_free = find(number)->next_free;
        return number;
    }
    const int block = block_of(next_number);
    if (block == last_block) throw std::bad_alloc();
    if (load_relaxed(bases[block]) == 0) add_block(block);
    return next_number++;
}

std::string readable(const std::type_info& type) {
    int status = 0;
    char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
    std::string text = name != nullptr ? name : type.name();
    std::free(name);
    return text;
}

[[noreturn, gnu::noinline]] void throw_dead(const char* what, std::uintptr_t id) {
    char value[32];
    std::snprintf(value, sizeof value, "%#llx", static_cast<unsigned long long>(id));
    const slot* s = find(number_of(id));
    const bool lived = s != nullptr && turn_of(id) % 2 == 1 && turn_of(id) < load_relaxed(s->turn);
    throw std::logic_error(std::string("gangway::handle::") + what + ": " + value +
                           (lived ? " was released" : " is no handle"));
}

[[noreturn, gnu::noinline]] void throw_other_type(const std::type_info& has, const std::type_info& wanted) {
    throw std::logic_error("gangway::handle::value: the value is of type " + readable(has) + ", not " +
                           readable(wanted));
}

}  // namespace

std::uint64_t living_handles() {
    return load_relaxed(living);
}

void for_each_handle(handle_visitor f, void* arg) {
    std::lock_guard guard(table_lock);
    for (std::uint32_t number = 1; number < next_number; number++) {
        const slot* s = find(number);
        const std::uint32_t turn = load_acquire(s->turn);
        if (turn % 2 == 1) f(std::uintptr_t{turn} << 32 | number, s->value.type->name(), arg);
    }
}

}  // namespace gangway::runtime

namespace gangway::detail {

using namespace runtime;

std::uintptr_t new_handle(const handle_value& value) {
    std::lock_guard guard(table_lock);
    const std::uint32_t number = take_number();
    slot* s = find(number);
    s->value = value;
    const std::uint32_t turn = load_relaxed(s->turn) + 1;
    store_release(s->turn, turn);  // M3
    add_relaxed(living, std::uint64_t{1});
    return std::uintptr_t{turn} << 32 | number;
}

void* look_up_handle(std::uintptr_t id, const std::type_info& type) {
    const slot* s = find(number_of(id));
    if (!is_living(s, turn_of(id))) [[unlikely]]
        throw_dead("value", id);
    if (s->value.type != &type && *s->value.type != type) [[unlikely]]
        throw_other_type(*s->value.type, type);
    return s->value.object;
}

void release_handle(std::uintptr_t id) {
    slot* s = find(number_of(id));
    std::uint32_t turn = turn_of(id);
    if (!is_living(s, turn)) throw_dead("release", id);
    const handle_value value = s->value;
    if (!s->turn.compare_exchange_strong(turn, turn + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        throw_dead("release", id);
    add_relaxed(living, ~std::uint64_t{0});
    value.destroy(value.object);  // may use handles
    if (turn + 1 >= last_turn) return;
    std::lock_guard guard(table_lock);
    s->next_free = first_free;
    first_free = number_of(id);
}

}  // namespace gangway::detail
