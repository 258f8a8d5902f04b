// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/plan.hpp"

#include <cstring>
#include <vector>

#include "ffi/register_offsets.h"

extern "C" void gangway_ffi_call_registers(gangway::ffi::detail::register_file* file);

namespace gangway::ffi::detail {

static_assert(offsetof(register_file, argument) == 0);
static_assert(offsetof(register_file, argument[register_file::first_vector]) == GANGWAY_FFI_VECTOR);
static_assert(offsetof(register_file, address) == GANGWAY_FFI_ADDRESS);
static_assert(offsetof(register_file, vectors) == GANGWAY_FFI_VECTORS);
static_assert(offsetof(register_file, integer_result) == GANGWAY_FFI_INTEGER_RESULT);
static_assert(offsetof(register_file, vector_result) == GANGWAY_FFI_VECTOR_RESULT);

namespace {

template <class T>
std::uint64_t read(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return to_register(value);
}

// The usual kinds first: two compares cost less than the jump of a switch.
inline std::uint64_t read_as(value_kind k, const void* from) {
    if (k == value_kind::s32) return read<std::int32_t>(from);
    if (k >= value_kind::f64 || k == value_kind::s64) return read<std::uint64_t>(from);
    switch (k) {
        case value_kind::s8:
            return read<std::int8_t>(from);
        case value_kind::boolean:
        case value_kind::u8:
            return read<std::uint8_t>(from);
        case value_kind::s16:
            return read<std::int16_t>(from);
        case value_kind::u16:
            return read<std::uint16_t>(from);
        case value_kind::u32:
        case value_kind::f32:
            return read<std::uint32_t>(from);
        default:
            return read<std::uint64_t>(from);
    }
}

template <class T>
void write(std::uint64_t value, void* to) {
    const T narrow = static_cast<T>(value);
    std::memcpy(to, &narrow, sizeof narrow);
}

inline void write_as(value_kind k, const register_file& from, void* to) {
    if (k == value_kind::s32) return write<std::uint32_t>(from.integer_result, to);
    switch (k) {
        case value_kind::void_:
            return;
        case value_kind::boolean:
        case value_kind::s8:
        case value_kind::u8:
            return write<std::uint8_t>(from.integer_result, to);
        case value_kind::s16:
        case value_kind::u16:
            return write<std::uint16_t>(from.integer_result, to);
        case value_kind::u32:
            return write<std::uint32_t>(from.integer_result, to);
        case value_kind::f32:
            return write<std::uint32_t>(from.vector_result, to);
        case value_kind::f64:
            return write<std::uint64_t>(from.vector_result, to);
        default:
            return write<std::uint64_t>(from.integer_result, to);
    }
}

}  // namespace

gangway::detail::word enter_registers(void* file) {
    try {
        gangway_ffi_call_registers(static_cast<register_file*>(file));
    } catch (...) {
        gangway::detail::keep_callee_exception();
    }
    return 0;
}

void plain_registers(register_file& file) {
    gangway_ffi_call_registers(&file);
}

register_key key_of(const function_declaration& of) {
    std::vector<value_kind> kinds;
    for (const parameter& p : of.parameters.list) kinds.push_back(p.type->value.kind);
    return key_of(of.result->value.kind, kinds.data(), kinds.size());
}

plan::plan(const function_declaration& of) : result_(of.result->value.kind) {
    std::uint8_t integers = 0;
    for (const parameter& p : of.parameters.list) {
        const value_kind k = p.type->value.kind;
        const bool is_vector = goes_in_vector_register(k);
        const std::size_t slot = is_vector ? register_file::first_vector + vectors_++ : integers++;
        moves_[count_++] = {static_cast<std::uint8_t>(slot), k};
    }
}

void plan::run(void* address, void* result, void* const* args) const {
    register_file file;
    for (std::size_t i = 0; i < count_; i++) file.argument[moves_[i].slot] = read_as(moves_[i].kind, args[i]);
    file.vectors = vectors_;
    file.address = address;
    call_registers(file);
    if (result != nullptr) write_as(result_, file, result);
}

}  // namespace gangway::ffi::detail
