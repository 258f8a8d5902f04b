// SPDX-License-Identifier: BSD-3-Clause
// Aggregates are described to libffi by what the AMD64 ABI makes of them and not by their members: an element for each
// eightbyte of the class that the members merge to. So unions need nothing of their own, and how libffi classifies
// nested structs does not matter. (libffi 3.4.4 takes the second eightbyte of struct { int a; struct { int b; float c; } s; }
// for padding.) Size and alignment are given with it; libffi takes them as they are.
//
// libffi 3.4.4 copies all of a struct to where its first eightbyte goes, so one of an integer and a vector register of which
// the first is the last integer register lands on the first vector register too. It is passed as two arguments instead,
// which is the same to the callee.
#include "ffi/libffi_call.hpp"

#include <cstddef>
#include <cstring>
#include <string>

#include <gangway/call.hpp>

#include "ffi/eightbytes.hpp"

namespace gangway::ffi::detail {

namespace {

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
constexpr std::size_t class_count = 4;
ffi_type* eightbyte_types[class_count] = {nullptr, &ffi_type_uint64, &ffi_type_float, &ffi_type_double};
ffi_type* register_elements[class_count][class_count][3];

ffi_type* type_of(eightbyte_class c) {
    return eightbyte_types[static_cast<std::size_t>(c)];
}

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

void check_size(const source& in, const function_declaration& of) {
    std::size_t bytes = 0;
    for (const parameter& p : of.parameters.list) {
        const std::size_t size = p.type->value.size;
        if (size > max_argument_bytes || (bytes += (size + 15) / 16 * 16) > max_argument_bytes)
            fail_at(in, p.at, "the arguments are more than " + std::to_string(max_argument_bytes) + " bytes");
    }
}

// Of a little-endian register.
void write_narrow(ffi_arg wide, void* to, std::size_t size) {
    switch (size) {  // sizes that the compiler knows: a copy is one instruction
        case 1:
            std::memcpy(to, &wide, 1);
            break;
        case 2:
            std::memcpy(to, &wide, 2);
            break;
        default:
            std::memcpy(to, &wide, 4);
    }
}

}  // namespace

// A struct of one long double is one, on the x87 stack as a result and in memory as an argument. libffi has no name for
// that of a struct.
ffi_type* libffi_call::describe(const node& n) {
    if (ffi_type* t = scalar_type(n.value.kind)) return t;
    if (is_x87(n)) return &ffi_type_longdouble;
    return &aggregates_.emplace_back(ffi_type{n.value.size, static_cast<unsigned short>(n.value.alignment),
                                              FFI_TYPE_STRUCT,
                                              is_in_memory(n) ? memory_elements : elements_of(n)});
}

void libffi_call::describe_arguments(const function_declaration& of) {
    register_count registers(*of.result);
    for (const parameter& p : of.parameters.list) {
        const node& n = *p.type;
        const bool last_integer = registers.integers() == integer_registers - 1;
        if (registers.take(n) && last_integer && class_of(n, 0) == eightbyte_class::integer &&
            class_of(n, 1) != eightbyte_class::none) {
            split_ = arguments_.size();
            arguments_.push_back(type_of(class_of(n, 0)));
            arguments_.push_back(type_of(class_of(n, 1)));
        } else {
            arguments_.push_back(describe(n));
        }
    }
}

libffi_call::libffi_call(const source& in, const function_declaration& of) : result_size_(of.result->value.size) {
    check_size(in, of);
    describe_arguments(of);
    ffi_type* result = describe(*of.result);
    widened_ = goes_in_integer_register(of.result->value.kind) && result_size_ < sizeof(ffi_arg);
    // Variadic functions too: the ABI passes their arguments alike, libffi always says in al how many vector registers
    // there are, and the second half of a split struct may well be a float after the dots.
    const ffi_status status =
        ffi_prep_cif(&cif_, FFI_DEFAULT_ABI, static_cast<unsigned>(arguments_.size()), result, arguments_.data());
    if (status != FFI_OK)
        fail_at(in, of.result_at, "libffi cannot call this (ffi_status " + std::to_string(status) + ")");
}

void libffi_call::run(void* address, void* result, void* const* args) const {
    std::vector<void*> with_split;
    if (split_ != none_split) {
        with_split.assign(args, args + arguments_.size() - 1);
        auto* second = static_cast<std::byte*>(args[split_]) + eightbyte;
        with_split.insert(with_split.begin() + static_cast<std::ptrdiff_t>(split_) + 1, second);
        args = with_split.data();
    }
    ffi_arg wide = 0;
    void* to = widened_ ? &wide : result;
    gangway::call([&] { ffi_call(const_cast<ffi_cif*>(&cif_), FFI_FN(address), to, const_cast<void**>(args)); });
    if (widened_ && result != nullptr) write_narrow(wide, result, result_size_);
}

}  // namespace gangway::ffi::detail
