// SPDX-License-Identifier: BSD-3-Clause
// Calls whose values all go in registers, and how to tell in two compares that a call fits its declaration.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gangway/detail/ffi_value.hpp>

namespace gangway::ffi::detail {

// The kinds of result and parameters, as one thing to compare: a call's is made by the compiler, a declaration's when
// it is read.
struct register_key {
    static constexpr std::size_t max_parameters = 14;  // six integer registers and eight vector registers
    std::uint64_t half[2] = {0, 0};

    constexpr void set(std::size_t position, value_kind k) {
        half[position / 8] |= static_cast<std::uint64_t>(k) << (position % 8 * 8);
    }
    friend constexpr bool operator==(const register_key& a, const register_key& b) {
        return ((a.half[0] ^ b.half[0]) | (a.half[1] ^ b.half[1])) == 0;
    }
};

// The result first. All zero, which no call has, where not all of it goes in registers.
constexpr register_key key_of(value_kind result, const value_kind* parameters, std::size_t count) {
    if (count > register_key::max_parameters) return {};
    if (result != value_kind::void_ && !goes_in_register(result)) return {};
    register_key key;
    key.set(0, result);
    std::size_t integers = 0;
    std::size_t vectors = 0;
    for (std::size_t i = 0; i < count; i++) {
        if (!goes_in_register(parameters[i])) return {};
        ++(goes_in_vector_register(parameters[i]) ? vectors : integers);
        key.set(i + 1, parameters[i]);
    }
    return integers <= 6 && vectors <= 8 ? key : register_key{};
}

template <class R, class... A>
consteval register_key key_of_call() {
    const value_kind kinds[] = {kind_of<A>()..., value_kind::none};
    return key_of(kind_of<R>(), kinds, sizeof...(A));
}

}  // namespace gangway::ffi::detail
