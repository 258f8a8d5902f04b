// SPDX-License-Identifier: BSD-3-Clause
// C declarations, read.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ffi/mark.hpp"
#include "ffi/node.hpp"

namespace gangway::ffi::detail {

struct parameter {
    std::string name;
    node_ptr type;
    std::size_t at = 0;  // in the declaration
};

struct parameter_list {
    std::vector<parameter> list;  // those after the dots included
    bool variadic = false;
    std::size_t fixed = 0;  // those before the dots
    std::size_t at = 0;
};

struct function_declaration {
    std::string name;    // empty: left out
    std::size_t at = 0;  // of the name, or where it would be
    node_ptr result;
    std::size_t result_at = 0;
    parameter_list parameters;
};

inline constexpr std::size_t max_parameters = 1024;

// A type's name: "int (*)(void)". Throws error.
node_ptr parse_type(const source& in);
// A function's declaration: "int add(int a, int b)". All that it passes by value is complete. Throws error.
function_declaration parse_function(const source& in);

}  // namespace gangway::ffi::detail
