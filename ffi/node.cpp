// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/node.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gangway::ffi::detail {

namespace {

constexpr std::size_t in_registers_at_most = 16;  // bytes: larger ones are passed in memory
constexpr complaint too_large = "the type is too large";
constexpr complaint too_deep = "types nested more deeply than 64";

struct scalar_row {
    std::string_view name;
    std::size_t size;
    std::size_t alignment;
};

// By value_kind.
constexpr scalar_row scalars[] = {
    {"incomplete", 0, 1},
    {"void", 0, 1},
    {"_Bool", sizeof(bool), alignof(bool)},
    {"signed char", 1, 1},
    {"unsigned char", 1, 1},
    {"short", sizeof(short), alignof(short)},
    {"unsigned short", sizeof(short), alignof(short)},
    {"int", sizeof(int), alignof(int)},
    {"unsigned int", sizeof(int), alignof(int)},
    {"long", sizeof(long), alignof(long)},
    {"unsigned long", sizeof(long), alignof(long)},
    {"__int128", sizeof(int128), alignof(int128)},
    {"unsigned __int128", sizeof(int128), alignof(int128)},
    {"float", sizeof(float), alignof(float)},
    {"double", sizeof(double), alignof(double)},
    {"long double", sizeof(long double), alignof(long double)},
    {"float _Complex", 2 * sizeof(float), alignof(float)},
    {"double _Complex", 2 * sizeof(double), alignof(double)},
    {"long double _Complex", 2 * sizeof(long double), alignof(long double)},
    {"pointer", sizeof(void*), alignof(void*)},
    {"struct or union", 0, 1},
};
constexpr std::size_t scalar_count = std::size(scalars);
static_assert(scalar_count == static_cast<std::size_t>(value_kind::aggregate) + 1);

const scalar_row& row_of(value_kind k) {
    return scalars[static_cast<std::size_t>(k)];
}

byte_classes classes_of(value_kind k) {
    const auto bytes = static_cast<std::uint16_t>((1U << std::min<std::size_t>(row_of(k).size, 16)) - 1);
    switch (k) {
        case value_kind::f32:
        case value_kind::f64:
        case value_kind::c32:
        case value_kind::c64:
            return {0, bytes, 0};
        case value_kind::f80:
        case value_kind::c80:
            return {0, 0, bytes};
        default:
            return {bytes, 0, 0};
    }
}

std::array<node_ptr, scalar_count> make_scalars() {
    std::array<node_ptr, scalar_count> made;
    for (std::size_t i = 0; i < scalar_count; i++) {
        auto n = std::make_shared<node>();
        const auto kind = static_cast<value_kind>(i);
        n->value = {kind, scalars[i].size, scalars[i].alignment};
        n->classes = classes_of(kind);
        made[i] = std::move(n);
    }
    return made;
}

// False: it would be more than max_size.
bool round_up(std::size_t& size, std::size_t alignment) {
    if (size > max_size - (alignment - 1)) return false;
    size = (size + alignment - 1) / alignment * alignment;
    return true;
}

}  // namespace

byte_classes byte_classes::shifted(std::size_t bytes) const {
    if (bytes >= in_registers_at_most) return {};
    auto by = [bytes](std::uint16_t mask) { return static_cast<std::uint16_t>(mask << bytes); };
    return {by(integer), by(vector), by(x87)};
}

void byte_classes::merge(const byte_classes& other) {
    integer |= other.integer;
    vector |= other.vector;
    x87 |= other.x87;
}

node_ptr scalar(value_kind k) {
    // Never freed: what static destructors and goroutines do at the end may still name types.
    static const auto& all = *new std::array<node_ptr, scalar_count>(make_scalars());
    return all[static_cast<std::size_t>(k)];
}

std::string_view name_of(value_kind k) {
    return row_of(k).name;
}

std::string describe(const value_type& v) {
    std::string text(name_of(v.kind));
    if (v.kind != value_kind::aggregate) return text;
    return text + " of " + std::to_string(v.size) + (v.size == 1 ? " byte" : " bytes") + " aligned to " +
           std::to_string(v.alignment);
}

complaint make_array(node_ptr element, std::size_t count, node_ptr& made) {
    const value_type& of = element->value;
    if (of.size > max_size / count) return too_large;
    if (element->depth >= max_depth) return too_deep;
    auto n = std::make_shared<node>();
    n->value = {value_kind::aggregate, of.size * count, of.alignment};
    n->depth = element->depth + 1;
    for (std::size_t i = 0; i < count && i * of.size < in_registers_at_most; i++) {
        n->classes.merge(element->classes.shifted(i * of.size));
    }
    n->element = std::move(element);
    made = std::move(n);
    return fine;
}

complaint lay_out(node& in, std::vector<member> members) {
    value_type whole{value_kind::aggregate, 0, 1};
    for (member& m : members) {
        const value_type& v = m.type->value;
        m.offset = in.is_union ? 0 : whole.size;
        if (!round_up(m.offset, v.alignment) || v.size > max_size - m.offset) return too_large;
        whole.size = std::max(whole.size, m.offset + v.size);
        whole.alignment = std::max(whole.alignment, v.alignment);
        in.depth = std::max(in.depth, m.type->depth + 1);
        in.classes.merge(m.type->classes.shifted(m.offset));
    }
    if (in.depth > max_depth) return too_deep;
    if (!round_up(whole.size, whole.alignment)) return too_large;
    in.members = std::move(members);
    in.value = whole;
    return fine;
}

bool find_offset(const node& in, std::string_view name, std::size_t& offset) {
    for (const member& m : in.members) {
        if (m.name.empty() ? find_offset(*m.type, name, offset) : m.name == name) {
            offset = m.offset + (m.name.empty() ? offset : 0);
            return true;
        }
    }
    return false;
}

}  // namespace gangway::ffi::detail
