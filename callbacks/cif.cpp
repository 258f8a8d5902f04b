// SPDX-License-Identifier: BSD-3-Clause
#include "callbacks/cif.hpp"

#include <memory>
#include <vector>

#include "runtime/atomic.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

using detail::c_kind;
using detail::c_type;

// A signature's cif and all that it points to.
struct description {
    ffi_cif cif{};
    std::vector<ffi_type*> parameters;
    std::vector<std::unique_ptr<ffi_type>> records;
    std::vector<std::unique_ptr<ffi_type*[]>> elements;
};

// libffi has no such integer. Two registers hold it, as they hold a struct of two, whose place in memory is aligned so.
ffi_type* integer128(std::size_t alignment) {
    static ffi_type* halves[] = {&ffi_type_uint64, &ffi_type_uint64, nullptr};
    static ffi_type aligned{16, 16, FFI_TYPE_STRUCT, halves};
    static ffi_type by_eight{16, 8, FFI_TYPE_STRUCT, halves};
    return alignment == 16 ? &aligned : &by_eight;
}

ffi_type* integer(const c_type& t) {
    const bool is_signed = t.kind == c_kind::signed_integer;
    switch (t.size) {
        case 1:
            return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
        case 2:
            return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
        case 4:
            return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
        case 16:
            return integer128(t.alignment);
        default:
            return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
    }
}

ffi_type* floating(std::size_t size) {
    if (size == sizeof(float)) return &ffi_type_float;
    return size == sizeof(double) ? &ffi_type_double : &ffi_type_longdouble;
}

ffi_type* complex(std::size_t size) {
    if (size == 2 * sizeof(float)) return &ffi_type_complex_float;
    return size == 2 * sizeof(double) ? &ffi_type_complex_double : &ffi_type_complex_longdouble;
}

ffi_type* describe(description& d, const c_type& t);

// An array is its elements one by one: libffi knows none.
ffi_type* record(description& d, const c_type& t) {
    std::size_t n = 0;
    for (const c_type* member = t.members; member->kind != c_kind::none; member++) n += member->count;
    ffi_type** elements = d.elements.emplace_back(new ffi_type*[n + 1]).get();
    ffi_type** at = elements;
    for (const c_type* member = t.members; member->kind != c_kind::none; member++) {
        ffi_type* element = describe(d, *member);
        for (std::size_t i = 0; i < member->count; i++) *at++ = element;
    }
    *at = nullptr;
    // The ABI passes and returns both alike. libffi's closures (3.4) lose such a struct that they return.
    if (n == 1 && elements[0] == &ffi_type_longdouble) return elements[0];
    return d.records.emplace_back(new ffi_type{0, 0, FFI_TYPE_STRUCT, elements}).get();
}

ffi_type* describe(description& d, const c_type& t) {
    switch (t.kind) {
        case c_kind::none:
            return &ffi_type_void;
        case c_kind::unsigned_integer:
        case c_kind::signed_integer:
            return integer(t);
        case c_kind::floating:
            return floating(t.size);
        case c_kind::complex:
            return complex(t.size);
        case c_kind::pointer:
            return &ffi_type_pointer;
        case c_kind::record:
            return record(d, t);
    }
    __builtin_unreachable();
}

std::unique_ptr<description> prepare(const detail::closure_signature& of) {
    auto d = std::make_unique<description>();
    ffi_type* result = describe(*d, *of.result);
    for (std::size_t i = 0; i < of.parameter_count; i++) d->parameters.push_back(describe(*d, of.parameters[i]));
    ffi_status status = ffi_prep_cif(&d->cif, FFI_DEFAULT_ABI, static_cast<unsigned>(of.parameter_count), result,
                                     d->parameters.data());
    check(status == FFI_OK, "callback: libffi does not know a type of the signature");
    return d;
}

}  // namespace

ffi_cif* cif_of(detail::closure_signature& of) {
    if (void* at = load_acquire(of.prepared)) return &static_cast<description*>(at)->cif;
    std::unique_ptr<description> d = prepare(of);
    void* before = nullptr;
    if (of.prepared.compare_exchange_strong(before, d.get(), std::memory_order_acq_rel)) return &d.release()->cif;
    return &static_cast<description*>(before)->cif;  // another thread was first
}

}  // namespace gangway::runtime
