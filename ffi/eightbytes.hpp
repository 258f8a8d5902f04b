// SPDX-License-Identifier: BSD-3-Clause
// How the AMD64 ABI passes a value: in up to two registers, an eightbyte in each, or in memory.
//
// The class of an eightbyte comes of the bytes that its scalars take (node::classes): INTEGER if one of them is an
// integer's, else SSE. All of a long double is X87; what has one and anything else in the same 16 bytes is in memory.
#pragma once

#include <cstddef>

#include "ffi/node.hpp"

namespace gangway::ffi::detail {

inline constexpr std::size_t eightbyte = 8;
inline constexpr unsigned integer_registers = 6;
inline constexpr unsigned vector_registers = 8;

// An SSE eightbyte of which only four bytes are the value's is a float's.
enum class eightbyte_class : unsigned char { none, integer, one_float, vector };

// Of a value of at most 16 bytes that is in registers.
eightbyte_class class_of(const node& n, std::size_t which);
// A struct, or what it is made of, that is one long double.
bool is_x87(const node& n);
// As an argument.
bool is_in_memory(const node& n);
// As a result: the caller passes its address in the first integer register.
bool is_result_in_memory(const node& n);

// The registers that arguments take, in order.
class register_count {
public:
    explicit register_count(const node& result) : integers_(is_result_in_memory(result) ? 1 : 0) {}
    // Takes n's registers, and tells whether there were enough: if not it is in memory and takes none.
    bool take(const node& n);
    unsigned integers() const { return integers_; }

private:
    unsigned integers_;
    unsigned vectors_ = 0;
};

}  // namespace gangway::ffi::detail
