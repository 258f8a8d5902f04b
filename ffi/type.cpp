// SPDX-License-Identifier: BSD-3-Clause
#include <string>

#include "ffi/declaration.hpp"
#include "ffi/node.hpp"

namespace gangway::ffi {

type::type(std::string_view declaration)
    : node_(leaf_call([&] {
          return detail::parse_type({"gangway::ffi::type", declaration});
      })) {}

std::size_t type::size() const noexcept {
    return node_->value.size;
}

std::size_t type::alignment() const noexcept {
    return node_->value.alignment;
}

std::size_t type::offset(std::string_view member) const {
    std::size_t offset = 0;
    if (detail::find_offset(*node_, member, offset)) return offset;
    const std::string_view what = node_->members.empty() ? "the type is no struct or union" : "no such member";
    throw error("gangway::ffi::type::offset(" + detail::quoted(member) + "): " + std::string(what));
}

}  // namespace gangway::ffi
