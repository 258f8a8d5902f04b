// SPDX-License-Identifier: BSD-3-Clause
// Calls whose arguments and result are scalars in registers: made ready once, when the declaration is read, and made by
// a stub of ours (plan_amd64.S).
//
// What has to hold, and key_of (detail/ffi_register_key.hpp) sees to: at most six arguments in integer registers and eight in
// vector registers, none of them wider than one; a result in rax or xmm0, or none. The i-th integer or pointer then is in
// the i-th integer register and the i-th float or double in the i-th vector register, whatever lies between them, and
// nothing is on the stack. That is the AMD64 ABI's rule for variadic functions too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <gangway/detail/ffi_register_key.hpp>
#include <gangway/detail/ffi_registers.hpp>
#include <gangway/detail/ffi_value.hpp>

#include "ffi/declaration.hpp"

namespace gangway::ffi::detail {

// All zero where the call is no planned one.
register_key key_of(const function_declaration& of);

class plan {
public:
    // Of a function with a key.
    explicit plan(const function_declaration& of);
    plan() = default;

    // Over the bridge. Reads the arguments and no byte beyond them, and writes the result type's bytes; result may be null.
    void run(void* address, void* result, void* const* args) const;

private:
    struct move {
        std::uint8_t slot;  // of register_file::argument
        value_kind kind;
    };
    std::array<move, register_key::max_parameters> moves_{};
    std::uint8_t count_ = 0;
    std::uint8_t vectors_ = 0;
    value_kind result_ = value_kind::void_;
};

}  // namespace gangway::ffi::detail
