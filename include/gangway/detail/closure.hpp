// SPDX-License-Identifier: BSD-3-Clause
// A C function pointer made at run time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <gangway/detail/c_type.hpp>
#include <gangway/detail/export.hpp>
#include <gangway/detail/place.hpp>

namespace gangway::detail {

// One for each function type. What the library makes of it, it keeps in `prepared`.
struct closure_signature {
    std::string_view text;
    const c_type* result;
    const c_type* parameters;
    std::size_t parameter_count;
    std::atomic<void*> prepared{nullptr};
};

template <class Sig>
struct signature_parts;
template <class R, class... P>
struct signature_parts<R(P...)> {
    static constexpr c_type result = c_type_of<R>();
    static constexpr std::array<c_type, sizeof...(P)> parameters{c_parameter<P>()...};
    static inline constinit closure_signature signature{type_text<R(P...)>(), &result, parameters.data(),
                                                        sizeof...(P)};
};

// What a closure's call does: args[i] points to the i-th argument, result to where the result goes, in which an integer
// fills a register.
class closure_target {
public:
    virtual ~closure_target() = default;
    virtual void call(void* result, void* const* args) = 0;
};

class closure;

// Throws std::bad_alloc. Any thread.
GANGWAY_API closure* make_closure(closure_signature& of, std::unique_ptr<closure_target> target, place where);
GANGWAY_API void* code_of(const closure* c) noexcept;
// The target is destroyed here, or where its last call ends. Any thread.
GANGWAY_API void release_closure(closure* c) noexcept;

struct closure_releaser {
    void operator()(closure* c) const noexcept { release_closure(c); }
};

}  // namespace gangway::detail
