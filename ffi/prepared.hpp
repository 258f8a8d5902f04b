// SPDX-License-Identifier: BSD-3-Clause
// A declared function with all that its calls need.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gangway/ffi.hpp>

#include "ffi/declaration.hpp"
#include "ffi/libffi_call.hpp"
#include "ffi/plan.hpp"

namespace gangway::ffi::detail {

// How calls are made. The tests and benchmarks ask for libffi where a plan would do.
enum class way : unsigned char { planned_where_possible, by_libffi };

// Immutable once it is a function's.
struct prepared {
    // Throws error.
    prepared(const source& in, way how);

    const std::string text;
    const function_declaration declared;
    callable call;
    plan planned;                             // where call.key is not zero,
    std::optional<const libffi_call> libffi;  // and this elsewhere
    std::shared_ptr<void> library{};          // stays loaded: the address is in it
};

}  // namespace gangway::ffi::detail

namespace gangway::ffi {

// A function that calls by libffi whatever its declaration.
struct made_by_libffi {
    GANGWAY_API static function from(void* address, std::string_view declaration);
};

}  // namespace gangway::ffi
