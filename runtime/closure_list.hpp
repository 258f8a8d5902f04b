// SPDX-License-Identifier: BSD-3-Clause
// What statistics and dumps ask of callbacks/closure.cpp, which answers: includes go downward only.
#pragma once

#include <cstdint>
#include <gangway/detail/place.hpp>
#include <string_view>

namespace gangway::runtime {

std::uint64_t living_closures();

struct closure_facts {
    const void* code;
    std::string_view signature;
    detail::place made_at;
};
using closure_visitor = void (*)(const closure_facts&, void* arg);

// Each one that lives; none is made or gone meanwhile. f makes and destroys none.
void for_each_closure(closure_visitor f, void* arg);

}  // namespace gangway::runtime
