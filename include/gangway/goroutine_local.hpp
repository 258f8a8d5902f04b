// SPDX-License-Identifier: BSD-3-Clause
// thread_local for goroutines.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>

namespace gangway {

namespace detail {

// What one goroutine has of one goroutine_local; the value comes after it.
struct local_value {
    std::uint64_t key = 0;
    local_value* older = nullptr;  // made before it by the same goroutine
    void (*destroy)(local_value* self) noexcept = nullptr;
};

GANGWAY_API std::uint64_t new_local_key() noexcept;
// The caller's; null when it has none of that key.
GANGWAY_API local_value* find_local(std::uint64_t key) noexcept;
// Makes it the caller's. Throws std::logic_error when the caller has one of that key, std::bad_alloc.
GANGWAY_API void add_local(local_value* v);
// Destroys the caller's of that key, if any.
GANGWAY_API void drop_local(std::uint64_t key) noexcept;

}  // namespace detail

// A T for each goroutine, made when that goroutine first uses it and destroyed when it ends, by goexit too: on its own
// stack, in the reverse order of making, after its function and what that was given have been destroyed (so
// task::join() and wait_group may go on before). A destructor may park but not goexit(), and may use other
// goroutine_locals; of one whose value is destroyed already it gets a new one.
// Inside C and in callbacks it is that of the goroutine that made the call. On a thread that runs no goroutine it is the
// thread's, as a thread_local is.
// Meant for static storage. One that ends before its goroutines destroys the caller's value; the others keep theirs, out
// of reach, until they end.
template <class T>
class goroutine_local {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>, "goroutine_local<T>: T is an object type, no array");

public:
    // T() for each.
    constexpr goroutine_local() noexcept
        requires std::is_default_constructible_v<T>
    {}
    // make() for each. It is called by many goroutines, at the same time too. What it throws comes out of the use.
    explicit goroutine_local(std::function<T()> make)
        : make_(std::make_unique<const std::function<T()>>(std::move(make))) {}

    goroutine_local(const goroutine_local&) = delete;
    goroutine_local& operator=(const goroutine_local&) = delete;
    ~goroutine_local() { detail::drop_local(key_.load(std::memory_order_relaxed)); }

    // The caller's. The reference holds as long as the goroutine lives; others may be handed it, as with any object.
    T& operator*() const {
        detail::local_value* v = detail::find_local(key_.load(std::memory_order_relaxed));
        return v != nullptr ? static_cast<holder*>(v)->value : add();
    }
    T* operator->() const { return std::addressof(**this); }

private:
    struct holder : detail::local_value {
        explicit holder(const goroutine_local& of) : value(of.new_value()) {
            destroy = [](detail::local_value* self) noexcept { delete static_cast<holder*>(self); };
        }
        T value;
    };

    T new_value() const {
        if constexpr (std::is_default_constructible_v<T>) {
            if (make_ == nullptr) return T();
        }
        return (*make_)();
    }

    [[gnu::noinline]] T& add() const {
        auto made = std::make_unique<holder>(*this);
        made->key = key();
        detail::add_local(made.get());
        return made.release()->value;
    }

    // Given at the first use, so that one of static storage needs no code to run before that.
    std::uint64_t key() const noexcept {
        std::uint64_t given = key_.load(std::memory_order_relaxed);
        if (given != 0) return given;
        const std::uint64_t fresh = detail::new_local_key();
        // Relaxed: the key is all that there is to know of it.
        return key_.compare_exchange_strong(given, fresh, std::memory_order_relaxed) ? fresh : given;
    }

    mutable std::atomic<std::uint64_t> key_{0};
    std::unique_ptr<const std::function<T()>> make_;  // null: T()
};

}  // namespace gangway
