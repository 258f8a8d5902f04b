// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/eightbytes.hpp"

#include <cstdint>

namespace gangway::ffi::detail {

eightbyte_class class_of(const node& n, std::size_t which) {
    const std::size_t first = which * eightbyte;
    if (first >= n.value.size) return eightbyte_class::none;
    const auto mask = static_cast<std::uint16_t>(0xffU << first);
    if ((n.classes.integer & mask) != 0) return eightbyte_class::integer;
    return n.value.size - first >= eightbyte ? eightbyte_class::vector : eightbyte_class::one_float;
}

bool is_x87(const node& n) {
    return n.classes.x87 != 0 && n.classes.integer == 0 && n.classes.vector == 0 && n.value.size == 2 * eightbyte;
}

bool is_in_memory(const node& n) {
    return n.value.size > 2 * eightbyte || n.classes.x87 != 0;
}

// Long doubles, complex ones too, are on the x87 stack.
bool is_result_in_memory(const node& n) {
    return n.value.kind == value_kind::aggregate && is_in_memory(n) && !is_x87(n);
}

bool register_count::take(const node& n) {
    if (is_in_memory(n)) return false;
    unsigned integers = integers_;
    unsigned vectors = vectors_;
    for (std::size_t which = 0; which < 2; which++) {
        const eightbyte_class c = class_of(n, which);
        if (c != eightbyte_class::none) ++(c == eightbyte_class::integer ? integers : vectors);
    }
    if (integers > integer_registers || vectors > vector_registers) return false;
    integers_ = integers;
    vectors_ = vectors;
    return true;
}

}  // namespace gangway::ffi::detail
