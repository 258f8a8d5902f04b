// SPDX-License-Identifier: BSD-3-Clause
// libffi's descriptions of what c_type describes.
#pragma once

#include <ffi.h>
#include <gangway/detail/closure.hpp>

namespace gangway::runtime {

// Made at the first use of a signature, and kept for ever. Throws std::bad_alloc. Any thread.
ffi_cif* cif_of(detail::closure_signature& of);

}  // namespace gangway::runtime
