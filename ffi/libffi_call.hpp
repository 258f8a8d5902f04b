// SPDX-License-Identifier: BSD-3-Clause
// Calls that libffi makes: aggregates, long double and complex numbers, more arguments than there are registers.
#pragma once

#include <ffi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ffi/declaration.hpp"
#include "ffi/libffi_types.hpp"
#include "ffi/mark.hpp"
#include "ffi/node.hpp"

namespace gangway::ffi::detail {

// A declared function as libffi describes one. Stays where it is: libffi keeps pointers into it.
class libffi_call {
public:
    // Throws error: the arguments are more than a stack should hold.
    libffi_call(const source& in, const function_declaration& of);
    libffi_call(const libffi_call&) = delete;
    libffi_call& operator=(const libffi_call&) = delete;

    // Over the bridge. result may be null, and has room for the result type and no more.
    void run(void* address, void* result, void* const* args) const;

private:
    static constexpr std::size_t none_split = SIZE_MAX;
    void describe_arguments(const function_declaration& of);

    ffi_cif cif_{};
    bool widened_ = false;  // libffi's result is a whole register, and the type's is less
    std::size_t result_size_;
    std::size_t split_ = none_split;  // the argument that libffi gets as two
    libffi_types types_;
    std::vector<ffi_type*> arguments_;
};

}  // namespace gangway::ffi::detail
