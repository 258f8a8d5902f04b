// SPDX-License-Identifier: BSD-3-Clause
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

void libffi_call::describe_arguments(const function_declaration& of) {
    register_count registers(*of.result);
    for (const parameter& p : of.parameters.list) {
        const node& n = *p.type;
        const bool last_integer = registers.integers() == integer_registers - 1;
        if (registers.take(n) && last_integer && class_of(n, 0) == eightbyte_class::integer &&
            class_of(n, 1) != eightbyte_class::none) {
            split_ = arguments_.size();
            arguments_.push_back(libffi_type_of(class_of(n, 0)));
            arguments_.push_back(libffi_type_of(class_of(n, 1)));
        } else {
            arguments_.push_back(types_.describe(n));
        }
    }
}

libffi_call::libffi_call(const source& in, const function_declaration& of) : result_size_(of.result->value.size) {
    check_size(in, of);
    describe_arguments(of);
    ffi_type* result = types_.describe(*of.result);
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
