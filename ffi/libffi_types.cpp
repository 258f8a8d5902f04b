// SPDX-License-Identifier: BSD-3-Clause
// Aggregates are described to libffi by what the AMD64 ABI makes of them and not by their members: an element for each
// eightbyte of the class that the members merge to. So unions need nothing of their own, and how libffi classifies
// nested structs does not matter. (libffi 3.4.4 takes the second eightbyte of struct { int a; struct { int b; float c; } s; }
// for padding.) Size and alignment are given with it; libffi takes them as they are.
#include "ffi/libffi_types.hpp"

#include <cstddef>

namespace gangway::ffi::detail {

namespace {

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
constexpr std::size_t class_count = 4;
ffi_type* eightbyte_types[class_count] = {nullptr, &ffi_type_uint64, &ffi_type_float, &ffi_type_double};
ffi_type* register_elements[class_count][class_count][3];

// The elements of a struct that is in registers.
ffi_type** elements_of(const node& n) {
    static const bool filled = [] {
        for (std::size_t first = 0; first < class_count; first++) {
            for (std::size_t second = 0; second < class_count; second++) {
                ffi_type** elements = register_elements[first][second];
                elements[0] = eightbyte_types[first];
                elements[1] = eightbyte_types[second];
            }
        }
        return true;
    }();
    static_cast<void>(filled);
    return register_elements[static_cast<std::size_t>(class_of(n, 0))][static_cast<std::size_t>(class_of(n, 1))];
}

}  // namespace

ffi_type* libffi_type_of(eightbyte_class c) {
    return eightbyte_types[static_cast<std::size_t>(c)];
}

// A struct of one long double is one, on the x87 stack as a result and in memory as an argument. libffi has no name for
// that of a struct.
ffi_type* libffi_types::describe(const node& n) {
    if (ffi_type* t = scalar_type(n.value.kind)) return t;
    if (is_x87(n)) return &ffi_type_longdouble;
    return &aggregates_.emplace_back(ffi_type{n.value.size, static_cast<unsigned short>(n.value.alignment),
                                              FFI_TYPE_STRUCT,
                                              is_in_memory(n) ? memory_elements : elements_of(n)});
}

}  // namespace gangway::ffi::detail
