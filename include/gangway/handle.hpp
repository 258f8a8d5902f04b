// SPDX-License-Identifier: BSD-3-Clause
// A C++ value behind a void* or an integer that C keeps.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <gangway/detail/export.hpp>

namespace gangway {

namespace detail {

struct handle_value {
    void* object;
    const std::type_info* type;
    void (*destroy)(void* object) noexcept;
};

// Never 0. Throws std::bad_alloc; then the value is still the caller's.
GANGWAY_API std::uintptr_t new_handle(const handle_value& value);
// The object. Throws std::logic_error: id is none, or not any more, or of another type. Takes no lock.
GANGWAY_API void* look_up_handle(std::uintptr_t id, const std::type_info& type);
GANGWAY_API void release_handle(std::uintptr_t id);

}  // namespace detail

// What C gets is no address but a number that says which value and the how-manieth in its place: one that was released,
// or that never was a handle's, is told from those that live. So it may be given to C that might give it back too late.
//   handle h = handle::make(connection(...));
//   call<&set_user_data>(object, h.pointer());
//   ... in a callback:  handle::from(p).value<connection>().received(n);
//   h.release();
// A handle is a copyable word and owns nothing: the value lives until release(), which one of the copies calls, once. All
// members from any thread; none parks. value() takes no lock and costs a few nanoseconds. Who calls release() sees to it
// that nobody uses the value any more.
class handle {
public:
    // Throws what moving the value throws, and std::bad_alloc.
    template <class T>
    static handle make(T value) {
        static_assert(std::is_object_v<T> && !std::is_const_v<T>,
                      "handle::make<T>: T is an object type, not const");
        auto object = std::make_unique<T>(std::move(value));
        handle made(
            detail::new_handle({object.get(), &typeid(T), [](void* at) noexcept { delete static_cast<T*>(at); }}));
        object.release();
        return made;
    }
    // Of what pointer() gave. Anything else may be given too: value() and release() tell.
    static handle from(void* pointer) noexcept { return handle(reinterpret_cast<std::uintptr_t>(pointer)); }

    // Throws std::logic_error when it was released, when it never was a handle, and when the value is no T: just that, no
    // base of it.
    template <class T>
    T& value() const {
        return *static_cast<T*>(detail::look_up_handle(id_, typeid(T)));
    }
    // For C. Never null.
    void* pointer() const noexcept { return reinterpret_cast<void*>(id_); }

    // Destroys the value. Throws std::logic_error when it was released before.
    void release() const { detail::release_handle(id_); }

    friend bool operator==(handle, handle) noexcept = default;

private:
    explicit handle(std::uintptr_t id) noexcept : id_(id) {}

    std::uintptr_t id_;
};

}  // namespace gangway
