// SPDX-License-Identifier: BSD-3-Clause
// Types as a declaration makes them, with their layout.
//
// A pointer is a leaf: what it points to is read, and forgotten. So a type that mentions itself is no cycle. Types are
// built from their parts upward and never change when complete; each has what its owner needs of it (N1), so that nothing
// has to walk down a type whose parts a declaration may name any number of times:
//
//  N1 size, alignment, depth, and for types of at most 16 bytes which bytes are of which register class.
//  N2 depth is at most max_depth, and sizes at most max_size: walks and sums are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gangway/detail/ffi_value.hpp>

namespace gangway::ffi::detail {

struct node;
using node_ptr = std::shared_ptr<const node>;

inline constexpr unsigned max_depth = 64;
inline constexpr std::size_t max_size = PTRDIFF_MAX;

// A bit a byte, of the first 16.
struct byte_classes {
    std::uint16_t integer = 0;
    std::uint16_t vector = 0;
    std::uint16_t x87 = 0;

    byte_classes shifted(std::size_t bytes) const;
    void merge(const byte_classes& other);
};

struct member {
    std::string name;  // empty: an anonymous struct or union
    node_ptr type;
    std::size_t offset = 0;
};

struct node {
    value_type value;  // aggregate for arrays too; none while a struct is incomplete
    unsigned depth = 1;
    byte_classes classes;

    // A struct or union.
    std::string tag;  // "struct point"; empty for other types and for those without a tag
    bool is_union = false;
    std::vector<member> members;
    // An array.
    node_ptr element;

    bool complete() const { return value.kind != value_kind::none; }
};

// Never null. Scalars are shared by all.
node_ptr scalar(value_kind k);
// What C calls it: "unsigned int", "pointer".
std::string_view name_of(value_kind k);
// The same with an aggregate's size: "struct or union of 12 bytes".
std::string describe(const value_type& v);

// Where T's layout is too large or too deep these give what is wrong, in place of doing it.
using complaint = const char*;
inline constexpr complaint fine = nullptr;

complaint make_array(node_ptr element, std::size_t count, node_ptr& made);
// Lays the members out, as a struct or one upon the other, and completes `in`.
complaint lay_out(node& in, std::vector<member> members);

// A member's place, looked up in anonymous ones too. False: there is none.
bool find_offset(const node& in, std::string_view name, std::size_t& offset);

}  // namespace gangway::ffi::detail
