// SPDX-License-Identifier: BSD-3-Clause
// What libffi needs to know of a closure's signature. Kept for ever, for a late call of a closure still asks for it.
#pragma once

#include <ffi.h>
#include <gangway/detail/closure.hpp>
#include <string>
#include <vector>

#include "ffi/declaration.hpp"
#include "ffi/libffi_types.hpp"

namespace gangway::runtime {

struct signature_description {
    std::string text;
    ffi_cif cif{};
    ffi::detail::node_ptr result;
    ffi::detail::libffi_types types;
    std::vector<ffi_type*> parameters;
};

// Made at the first use of a signature or declaration. Throw std::bad_alloc; the second one ffi::error too. Any thread.
const signature_description& description_of(detail::closure_signature& of);
const signature_description& description_of(const ffi::detail::source& declaration);

}  // namespace gangway::runtime
