// SPDX-License-Identifier: BSD-3-Clause
// Objects that write_heap_dump() finds.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <gangway/detail/export.hpp>

namespace gangway::detail {

enum class listed_kind : unsigned char { channel, callback };
inline constexpr std::size_t listed_kinds = 2;

// The last member of such an object, which is found from its construction to its destruction. Any thread. Where no
// memory is left for it the object is not found.
class listed {
public:
    listed(listed_kind kind, const void* object) noexcept : object_(object), kind_(kind) { enlist(); }
    listed(const listed&) = delete;
    listed& operator=(const listed&) = delete;
    ~listed() { delist(); }

    // f(object, arg) for each of that kind, which are not destroyed meanwhile. One at a time. f destroys none.
    static void for_each(listed_kind kind, void (*f)(const void* object, void* arg), void* arg);
    // How many there are to find.
    static std::uint64_t count(listed_kind kind) noexcept;

private:
    GANGWAY_API void enlist() noexcept;
    GANGWAY_API void delist() noexcept;

    std::atomic<const listed*>* slot_ = nullptr;
    const void* object_;
    listed_kind kind_;
};

}  // namespace gangway::detail
