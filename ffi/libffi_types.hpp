// SPDX-License-Identifier: BSD-3-Clause
// Types as libffi describes them.
#pragma once

#include <ffi.h>

#include <deque>

#include "ffi/eightbytes.hpp"
#include "ffi/node.hpp"

namespace gangway::ffi::detail {

// Of an eightbyte that is passed by itself.
ffi_type* libffi_type_of(eightbyte_class c);

// Keeps the descriptions that it gives.
class libffi_types {
public:
    ffi_type* describe(const node& n);

private:
    std::deque<ffi_type> aggregates_;
};

}  // namespace gangway::ffi::detail
