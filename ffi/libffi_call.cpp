// SPDX-License-Identifier: BSD-3-Clause
// Aggregates are described to libffi by what the AMD64 ABI makes of them and not by their members: an element for each
// eightbyte of the class that the members merge to. So unions need nothing of their own, and how libffi classifies
// nested structs does not matter. (libffi 3.4.4 takes the second eightbyte of struct { int a; struct { int b; float c; } s; }
// for padding.) Size and alignment are given with it; libffi takes them as they are.
#include "ffi/libffi_call.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <gangway/call.hpp>

namespace gangway::ffi::detail {

namespace {

constexpr std::size_t eightbyte = 8;
constexpr std::size_t max_argument_bytes = std::size_t{1} << 20;  // of the C stack, which has 8 MiB as a rule

ffi_type* scalar_type(value_kind k) {
    switch (k) {
        case value_kind::void_:
            return &ffi_type_void;
        case value_kind::boolean:
        case value_kind::u8:
            return &ffi_type_uint8;
        case value_kind::s8:
            return &ffi_type_sint8;
        case value_kind::s16:
            return &ffi_type_sint16;
        case value_kind::u16:
            return &ffi_type_uint16;
        case value_kind::s32:
            return &ffi_type_sint32;
        case value_kind::u32:
            return &ffi_type_uint32;
        case value_kind::s64:
            return &ffi_type_sint64;
        case value_kind::u64:
            return &ffi_type_uint64;
        case value_kind::f32:
            return &ffi_type_float;
        case value_kind::f64:
            return &ffi_type_double;
        case value_kind::f80:
            return &ffi_type_longdouble;
        case value_kind::c32:
            return &ffi_type_complex_float;
        case value_kind::c64:
            return &ffi_type_complex_double;
        case value_kind::c80:
            return &ffi_type_complex_longdouble;
        case value_kind::pointer:
            return &ffi_type_pointer;
        default:
            return nullptr;  // an aggregate, or of two integer registers
    }
}

// More than 32 bytes are of the class MEMORY for libffi, and so is all that has such an element.
ffi_type* no_elements[] = {nullptr};
ffi_type in_memory{64, 16, FFI_TYPE_STRUCT, no_elements};
ffi_type* memory_elements[] = {&in_memory, nullptr};

// [class of the first eightbyte][of the second]
enum eightbyte_class : unsigned char { no_class, integer_class, float_class, double_class, class_count };
ffi_type* classes[] = {nullptr, &ffi_type_uint64, &ffi_type_float, &ffi_type_double};
ffi_type* register_elements[class_count][class_count][3];

bool fill_register_elements() {
    for (int first = 0; first < class_count; first++) {
        for (int second = 0; second < class_count; second++) {
            ffi_type** elements = register_elements[first][second];
            elements[0] = classes[first];
            elements[1] = classes[second];
            elements[2] = nullptr;
        }
    }
    return true;
}

eightbyte_class class_of(const node& n, std::size_t which) {
    const std::size_t first = which * eightbyte;
    if (first >= n.value.size) return no_class;
    const std::uint16_t mask = static_cast<std::uint16_t>(0xffU << first);
    if ((n.classes.integer & mask) != 0) return integer_class;  // with a float beside it, too
    return n.value.size - first >= eightbyte ? double_class : float_class;
}

bool is_x87(const node& n) {
    return n.classes.x87 != 0 && n.classes.integer == 0 && n.classes.vector == 0 && n.value.size == 16;
}

bool is_in_memory(const node& n) {
    return n.value.size > 2 * eightbyte || n.classes.x87 != 0;
}

void check_size(const source& in, const function_declaration& of) {
    std::size_t bytes = 0;
    for (const parameter& p : of.parameters.list) {
        const std::size_t size = p.type->value.size;
        if (size > max_argument_bytes || (bytes += (size + 15) / 16 * 16) > max_argument_bytes)
            fail_at(in, p.at, "the arguments are more than " + std::to_string(max_argument_bytes) + " bytes");
    }
}

}  // namespace

// A struct of one long double is one, on the x87 stack as a result and in memory as an argument. libffi has no name for
// that of a struct.
ffi_type* libffi_call::describe(const node& n) {
    if (ffi_type* t = scalar_type(n.value.kind)) return t;
    if (is_x87(n)) return &ffi_type_longdouble;
    static const bool filled = fill_register_elements();
    static_cast<void>(filled);
    ffi_type** elements = is_in_memory(n) ? memory_elements : register_elements[class_of(n, 0)][class_of(n, 1)];
    return &aggregates_.emplace_back(
        ffi_type{n.value.size, static_cast<unsigned short>(n.value.alignment), FFI_TYPE_STRUCT, elements});
}

libffi_call::libffi_call(const source& in, const function_declaration& of) : result_size_(of.result->value.size) {
    check_size(in, of);
    for (const parameter& p : of.parameters.list) arguments_.push_back(describe(*p.type));
    ffi_type* result = describe(*of.result);
    widened_ = goes_in_integer_register(of.result->value.kind) && result_size_ < sizeof(ffi_arg);
    const auto total = static_cast<unsigned>(arguments_.size());
    const auto fixed = static_cast<unsigned>(of.parameters.fixed);
    const ffi_status status =
        of.parameters.variadic ? ffi_prep_cif_var(&cif_, FFI_DEFAULT_ABI, fixed, total, result, arguments_.data())
                               : ffi_prep_cif(&cif_, FFI_DEFAULT_ABI, total, result, arguments_.data());
    if (status != FFI_OK)
        fail_at(in, of.result_at, "libffi cannot call this (ffi_status " + std::to_string(status) + ")");
}

void libffi_call::run(void* address, void* result, void* const* args) const {
    ffi_arg wide = 0;
    void* to = widened_ ? &wide : result;
    gangway::call([&] { ffi_call(cif(), FFI_FN(address), to, const_cast<void**>(args)); });
    if (widened_ && result != nullptr) std::memcpy(result, &wide, result_size_);
}

}  // namespace gangway::ffi::detail
