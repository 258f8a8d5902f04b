// SPDX-License-Identifier: BSD-3-Clause
// Calls of C functions whose types are known only when the program runs, from their declarations as text.
//
//   gangway::ffi::library m("libm.so.6");
//   double x = m["double pow(double, double)"].call<double>(2.0, 10.0);
//
// A declaration is C's, with every type spelled out: integers, floating and complex numbers, the names of <stdint.h> and
// <stddef.h>, pointers, structs and unions by value (arrays, nested and anonymous ones inside), function pointers. Names
// of parameters and of the function may be left out. What a variadic function is passed after the dots follows them:
// "int printf(const char*, ..., double, int)". docs/ffi.md has the rest.
//
// The calls go over the bridge as call()'s do: C runs on g0, may block and may call back, and the goroutine may be on
// another thread afterwards. Exceptions of a callback, and of a C++ callee, come out. Everything here is immutable once
// made and may be used by any threads at once, goroutines or not.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <gangway/call.hpp>
#include <gangway/detail/closure.hpp>
#include <gangway/detail/export.hpp>
#include <gangway/detail/ffi_register_key.hpp>
#include <gangway/detail/ffi_registers.hpp>
#include <gangway/detail/ffi_value.hpp>

namespace gangway::ffi {

// A declaration that cannot be read or called, arguments that do not fit it, a library or symbol that is not there.
// what() names the call, and quotes a declaration with a caret below the place.
struct GANGWAY_API error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

namespace detail {

struct node;      // a type as it was declared
struct prepared;  // a function as it was declared, and how to call it

// What a call looks at before it knows that it fits.
struct callable {
    register_key key;
    void* address;
};

// The call with checked arguments. Throws error: they do not fit the declaration.
GANGWAY_API void check(const prepared& p, value_type result, const value_type* arguments, std::size_t count);

}  // namespace detail

// A C type: type("uint8_t"), type("struct { int x; double y[2]; }"), type("int (*)(void)").
class GANGWAY_API type {
public:
    // Throws error.
    explicit type(std::string_view declaration);

    std::size_t size() const noexcept;  // bytes; 0 for void
    std::size_t alignment() const noexcept;
    // Where a struct's or union's member is, in bytes. One in an anonymous struct or union is a member like the others.
    // Throws error: there is none of that name.
    std::size_t offset(std::string_view member) const;

private:
    friend class function;
    explicit type(std::shared_ptr<const detail::node> node) noexcept : node_(std::move(node)) {}
    std::shared_ptr<const detail::node> node_;
};

// A C function at an address. Copies are cheap and share what was prepared.
class GANGWAY_API function {
public:
    // Reads the declaration and prepares calls. Throws error: the declaration, or an address that is null.
    function(void* address, std::string_view declaration);

    // Calls it: args has a pointer to each argument, in order, and result room for the result type's size and alignment.
    // (As libffi has it, but for results that are narrower than a register: they take their own size and no more.)
    // A null result drops it. Goroutine code, or a plain call. May return on another thread; rethrows as call() does.
    void invoke(void* result, void* const* args) const;

    // Calls it with values, which are checked against the declaration: their number, and of each, and of the result, the
    // class (integer, _Bool, floating, complex, pointer, struct), the size, and whether it is signed. No value is
    // converted but arrays and functions, which are pointers, and enums, which are their integers. A pointer is any
    // pointer; a struct is a trivially copyable class of its size and alignment, and std::complex is complex.
    // Throws error: they differ. As invoke otherwise.
    template <class R, class... A>
    R call(const A&... args) const {
        using detail::callable;
        constexpr detail::register_key key = detail::key_of_call<R, std::decay_t<const A>...>();
        if constexpr (!(key == detail::register_key{})) {
            if (callable_->key == key) [[likely]]
                return call_in_registers<R, std::decay_t<const A>...>(args...);
        }
        return call_by_pointers<R, std::decay_t<const A>...>(args...);
    }

    std::string_view name() const noexcept;  // empty where the declaration has none
    std::string_view declaration() const noexcept;
    void* address() const noexcept { return callable_->address; }
    std::size_t parameters() const noexcept;  // those after the dots included
    // The type of the i-th parameter, arrays and functions as the pointers that they are. Throws error: i is too large.
    type parameter(std::size_t i) const;
    type result() const noexcept;

private:
    friend class library;
    friend struct made_by_libffi;  // ffi/function.cpp: for tests and comparison
    explicit function(std::shared_ptr<const detail::prepared> p) noexcept;

    template <class R, class... A>
    R call_in_registers(A... args) const {
        detail::register_file file;
        detail::register_writer to(file);
        (to.put(args), ...);
        file.address = callable_->address;
        file.vectors = to.vectors();
        detail::call_registers(file);
        if constexpr (!std::is_void_v<R>) return detail::from_registers<R>(file);
    }

    template <class R, class... A>
    R call_by_pointers(const A&... args) const {
        constexpr std::array<detail::value_type, sizeof...(A) + 1> types{detail::type_of<A>()..., {}};
        detail::check(*prepared_, detail::type_of<R>(), types.data(), sizeof...(A));
        void* const pointers[] = {const_cast<void*>(static_cast<const void*>(std::addressof(args)))..., nullptr};
        if constexpr (std::is_void_v<R>) {
            invoke(nullptr, pointers);
        } else {
            R value;
            invoke(std::addressof(value), pointers);
            return value;
        }
    }

    std::shared_ptr<const detail::prepared> prepared_;
    const detail::callable* callable_;  // prepared_'s
};

// Sig's calls, by way of call(): what library::get gives.
template <class Sig>
class symbol;

template <class R, class... P>
class symbol<R(P...)> {
public:
    explicit symbol(R (*fn)(P...), std::shared_ptr<void> library = {}) : fn_(fn), library_(std::move(library)) {}
    R operator()(P... args) const {
        return gangway::call([&]() -> R { return fn_(std::forward<P>(args)...); });
    }
    R (*get() const)(P...) { return fn_; }

private:
    R (*fn_)(P...);
    std::shared_ptr<void> library_;
};

template <class R, class... P>
class symbol<R(P...) noexcept> : public symbol<R(P...)> {
public:
    using symbol<R(P...)>::symbol;
};

// C's variadic functions: what stands for the dots is passed as it is, with C's promotions.
template <class R, class... P>
class symbol<R(P..., ...)> {
public:
    explicit symbol(R (*fn)(P..., ...), std::shared_ptr<void> library = {})
        : fn_(fn), library_(std::move(library)) {}
    template <class... A>
    R operator()(P... args, A... dots) const {
        return gangway::call([&]() -> R { return fn_(std::forward<P>(args)..., dots...); });
    }
    R (*get() const)(P..., ...) { return fn_; }

private:
    R (*fn_)(P..., ...);
    std::shared_ptr<void> library_;
};

// A shared library. Copies share it, and it stays loaded as long as one of them, or a function or symbol that was taken
// from it, lives.
class GANGWAY_API library {
public:
    // dlopen(path, RTLD_NOW | RTLD_LOCAL), as a C call; nullptr: this program and what it was linked with. Throws error.
    explicit library(const char* path);

    // dlsym: the address of a function or variable. Throws error: there is none.
    void* symbol(const char* name) const;

    // A function of type Sig, which nothing checks: get<int(int, int)>("add")(1, 2) is a call(). Throws error.
    template <class Sig>
    auto get(const char* name) const {
        static_assert(std::is_function_v<Sig>,
                      "gangway::ffi::library::get: Sig is a function's type: int(int, int)");
        using pointer = decltype(std::declval<const ffi::symbol<Sig>&>().get());
        return ffi::symbol<Sig>(reinterpret_cast<pointer>(symbol(name)), handle_);
    }

    // The function that the declaration names: lib["int add(int, int)"]. Throws error.
    function operator[](std::string_view declaration) const;

private:
    std::string path_;  // as errors name it
    std::shared_ptr<void> handle_;
};

// A C function pointer of a declared type, behind which is a C++ function: what callback<Sig> is for types known when the
// program is compiled. docs/wrapping/in-a-callback.md says what a callback may do.
class GANGWAY_API closure {
public:
    // f gets a pointer to each argument, aligned to eight bytes at most, and room for the result, of the result type's
    // size (null where it is void). Where f throws, C gets zeros. Throws error: the declaration, or one of a variadic
    // function. What a declaration needs is kept for as long as the process runs, once for each text.
    closure(std::string_view declaration, std::function<void(void* result, void* const* args)> f,
            gangway::detail::place where = gangway::detail::place::current());

    // Good while the object lives; moving keeps it. Released as a callback<Sig> is.
    void* code() const noexcept;

private:
    std::unique_ptr<gangway::detail::closure, gangway::detail::closure_releaser> closure_;
};

}  // namespace gangway::ffi
