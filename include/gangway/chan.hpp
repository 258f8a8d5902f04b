// SPDX-License-Identifier: BSD-3-Clause
// Channels: typed queues between goroutines, unbuffered ones a meeting point.
#pragma once

#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>

namespace gangway {

// send() on a closed channel, or a second close().
struct channel_closed : std::logic_error {
    using std::logic_error::logic_error;
};

namespace detail {

// What the runtime must know of an element type.
struct elem_type {
    std::size_t size;
    std::size_t align;
    void (*move)(void* to, void* from) noexcept;  // constructs *to; null: memcpy
    void (*destroy)(void* at) noexcept;           // null: nothing to do
};

struct hchan;

enum class chan_result : unsigned char { done, closed, would_block };

GANGWAY_API hchan* makechan(const elem_type* type, std::size_t capacity);
GANGWAY_API void chanretain(hchan* c) noexcept;
GANGWAY_API void chanrelease(hchan* c) noexcept;
GANGWAY_API chan_result chansend(hchan* c, void* elem, bool block);
GANGWAY_API chan_result chanrecv(hchan* c, void* room, bool block);
GANGWAY_API bool closechan(hchan* c);
GANGWAY_API std::size_t chanlen(const hchan* c) noexcept;
GANGWAY_API std::size_t chancap(const hchan* c) noexcept;

template <class C, class T, class F>
struct recv_case;
template <class C, class T, class F>
struct send_case;
template <class F>
struct timeout_case;

// A type whose move may throw travels boxed, so that no move of the runtime's ever throws under a lock.
template <class T>
using chan_elem = std::conditional_t<std::is_nothrow_move_constructible_v<T>, T, std::unique_ptr<T>>;

template <class T>
inline constexpr elem_type elem_type_of{
    sizeof(T), alignof(T),
    std::is_trivially_copyable_v<T>
        ? nullptr
        : +[](void* to, void* from) noexcept { ::new (to) T(std::move(*static_cast<T*>(from))); },
    std::is_trivially_destructible_v<T> ? nullptr : +[](void* at) noexcept { static_cast<T*>(at)->~T(); }};

}  // namespace detail

// A handle on a channel of T: copies are the same channel, which lives as long as one of them. All members may be
// called from any thread; those that would park are fatal, by name, inside C that a goroutine calls. send, recv and their try_ forms yield when the scheduler has asked this goroutine to, so
// each may return on another thread.
template <class T>
class chan {
    static_assert(std::is_move_constructible_v<T> && !std::is_reference_v<T> && !std::is_const_v<T>,
                  "chan<T>: T is a movable object type");
    using elem = detail::chan_elem<T>;
    static constexpr bool boxed = !std::is_same_v<elem, T>;

public:
    using value_type = T;

    // capacity 0: send and recv meet. Throws std::length_error when capacity elements are more than fit in memory.
    explicit chan(std::size_t capacity = 0) : c_(detail::makechan(&detail::elem_type_of<elem>, capacity)) {}
    chan(const chan& other) noexcept : c_(other.c_) { detail::chanretain(c_); }
    chan& operator=(const chan& other) noexcept {
        detail::chanretain(other.c_);
        detail::chanrelease(std::exchange(c_, other.c_));
        return *this;
    }
    ~chan() { detail::chanrelease(c_); }

    // Parks until a receiver or a slot takes the value. Throws channel_closed when the channel is closed, before or
    // meanwhile.
    void send(T value) {
        if constexpr (boxed) {
            elem box = std::make_unique<T>(std::move(value));
            send_elem(&box);
        } else {
            send_elem(std::addressof(value));
        }
    }

    // Parks until there is a value; nullopt once the channel is closed and drained.
    std::optional<T> recv() {
        room r;
        if (detail::chanrecv(c_, r.at(), true) == detail::chan_result::closed) return std::nullopt;
        return r.take();
    }

    // False where send would park; then value is untouched. Waits for nobody. Throws channel_closed.
    bool try_send(T& value) {
        if constexpr (boxed) {
            elem box = std::make_unique<T>(std::move(value));
            bool sent = false;
            struct give_back {
                elem& box;
                T& value;
                bool& sent;
                ~give_back() {  // a move that throws here ends the process: the value would be neither here nor there
                    if (sent || !box) return;
                    value.~T();
                    ::new (static_cast<void*>(std::addressof(value))) T(std::move(*box));
                }
            } guard{box, value, sent};
            sent = try_send_elem(&box);
            return sent;
        } else {
            return try_send_elem(std::addressof(value));
        }
    }

    // True with a value, or with nullopt once closed and drained; false where recv would park. Waits for nobody.
    bool try_recv(std::optional<T>& out) {
        room r;
        switch (detail::chanrecv(c_, r.at(), false)) {
            case detail::chan_result::done:
                out.reset();
                out.emplace(r.take());
                return true;
            case detail::chan_result::closed:
                out.reset();
                return true;
            case detail::chan_result::would_block:
                break;
        }
        return false;
    }

    // No more sends: receivers get what is buffered, then nullopt; parked senders get channel_closed. A second close
    // throws channel_closed. Never parks nor yields.
    void close() {
        if (!detail::closechan(c_)) throw channel_closed("gangway::chan::close: close of closed channel");
    }

    // Elements in the buffer, and its size: snapshots.
    std::size_t size() const noexcept { return detail::chanlen(c_); }
    std::size_t capacity() const noexcept { return detail::chancap(c_); }

    friend bool operator==(const chan& a, const chan& b) noexcept { return a.c_ == b.c_; }

    // Receives until the channel is closed and drained: for (auto& v : ch). Single pass.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = T*;
        using reference = T&;

        iterator() = default;
        explicit iterator(chan* c) : c_(c) { ++*this; }
        T& operator*() const { return *value_; }
        T* operator->() const { return std::addressof(*value_); }
        iterator& operator++() {
            value_.reset();
            std::optional<T> next = c_->recv();
            if (next) {
                value_.emplace(std::move(*next));
            } else {
                c_ = nullptr;
            }
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& a, const iterator& b) { return a.c_ == b.c_; }

    private:
        chan* c_ = nullptr;
        mutable std::optional<T> value_;
    };
    iterator begin() { return iterator(this); }
    iterator end() { return iterator(); }

private:
    template <class C, class U, class F>
    friend struct detail::recv_case;
    template <class C, class U, class F>
    friend struct detail::send_case;
    template <class F>
    friend struct detail::timeout_case;

    // Room for an element that the runtime constructs.
    class room {
    public:
        void* at() { return bytes_; }
        T take() {
            elem* e = std::launder(reinterpret_cast<elem*>(bytes_));
            struct destroy {
                elem* e;
                ~destroy() { e->~elem(); }
            } after{e};
            if constexpr (boxed) {
                return std::move(**e);
            } else {
                return std::move(*e);
            }
        }

    private:
        alignas(elem) std::byte bytes_[sizeof(elem)];
    };

    void send_elem(elem* e) {
        if (detail::chansend(c_, e, true) == detail::chan_result::closed) {
            throw channel_closed("gangway::chan::send: send on closed channel");
        }
    }
    bool try_send_elem(elem* e) {
        detail::chan_result r = detail::chansend(c_, e, false);
        if (r == detail::chan_result::closed) {
            throw channel_closed("gangway::chan::try_send: send on closed channel");
        }
        return r == detail::chan_result::done;
    }

    detail::hchan* c_;
};

}  // namespace gangway

#include <gangway/select.hpp>  // select belongs here for users; it needs chan and time first
