// SPDX-License-Identifier: BSD-3-Clause
// A C call as the contents of registers: filled on the goroutine's stack, loaded and called on g0 by a stub.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <gangway/call.hpp>
#include <gangway/detail/export.hpp>
#include <gangway/detail/ffi_value.hpp>

namespace gangway::ffi::detail {

// ffi/plan_amd64.S knows the offsets. Registers that a call does not use may have anything in them.
struct register_file {
    static constexpr std::size_t first_vector = 6;
    std::uint64_t argument[14];  // six integer registers and eight vector registers
    void* address;
    std::uint64_t vectors;  // how many vector registers are used: what a variadic callee finds in al
    std::uint64_t integer_result;
    std::uint64_t vector_result;
};

// On g0: the call. Keeps what the callee throws for cgocall.
GANGWAY_API gangway::detail::word enter_registers(void* file);
// The same as a plain call: what the callee throws comes out.
GANGWAY_API void plain_registers(register_file& file);

// Over the bridge where there is one to cross.
inline void call_registers(register_file& file) {
    if (!gangway::detail::cgocall(&enter_registers, &file).did) [[unlikely]]
        plain_registers(file);
}

// A value as its register has it. Narrow integers are extended, as compilers expect of each other.
template <class T>
std::uint64_t to_register(T value) {
    if constexpr (std::is_same_v<T, float>)
        return std::bit_cast<std::uint32_t>(value);
    else if constexpr (std::is_same_v<T, double>)
        return std::bit_cast<std::uint64_t>(value);
    else if constexpr (std::is_null_pointer_v<T>)
        return 0;
    else if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<std::uint64_t>(value);
    else
        return static_cast<std::uint64_t>(value);
}

template <class T>
T from_registers(const register_file& file) {
    if constexpr (std::is_same_v<T, float>) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(file.vector_result));
    } else if constexpr (std::is_same_v<T, double>) {
        return std::bit_cast<double>(file.vector_result);
    } else if constexpr (std::is_same_v<T, bool>) {
        return static_cast<std::uint8_t>(file.integer_result) != 0;  // the callee sets 8 bits
    } else if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<T>(file.integer_result);
    } else if constexpr (!std::is_void_v<T> && !std::is_null_pointer_v<T>) {
        return static_cast<T>(file.integer_result);
    } else {
        return T();
    }
}

// Puts arguments into their registers, in order.
class register_writer {
public:
    explicit register_writer(register_file& file) : file_(file) {}
    template <class T>
    void put(T value) {
        if constexpr (goes_in_vector_register(kind_of<T>())) {
            file_.argument[register_file::first_vector + vectors_++] = to_register(value);
        } else {
            file_.argument[integers_++] = to_register(value);
        }
    }
    std::uint64_t vectors() const { return vectors_; }

private:
    register_file& file_;
    std::size_t integers_ = 0;
    std::size_t vectors_ = 0;
};

}  // namespace gangway::ffi::detail
