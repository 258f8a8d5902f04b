// SPDX-License-Identifier: BSD-3-Clause
// Waiting for descriptors, and TCP and Unix stream sockets over it. A goroutine waits, its thread does not.
//
// Addresses are "host:port", "[::1]:port", ":port" (all interfaces; for dial this host) and "unix:/path" or
// "unix:@abstract". A host name is looked up by getaddrinfo, in a call().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <gangway/detail/export.hpp>

namespace gangway {

using deadline = std::chrono::steady_clock::time_point;
inline constexpr deadline never = deadline::max();

// Waits until one of poll(2)'s events (POLLIN, POLLOUT, ...) holds on fd; gives those that do, POLLERR and POLLHUP among
// them unasked, or 0 when the deadline has passed first. fd stays the caller's and may be in blocking mode; it must not be
// closed meanwhile. Throws std::system_error that names fd where it cannot be waited for. Parks; on a thread that runs
// no goroutine it is poll(2).
GANGWAY_API short wait_fd(int fd, short events, deadline at = never);

namespace detail {
struct socket_state;
}

// A stream connection. Moves, does not copy; its destructor closes it. One goroutine may read while another writes; close
// and set_deadline may be called from any thread at any time. What waits throws std::system_error: errc::timed_out at the
// deadline, errc::bad_file_descriptor ("closed") after close. Reading and writing may park. Any thread.
class tcp_conn {
public:
    tcp_conn() = default;

    // Connects. Each address of the host is tried, in order, until the deadline. Throws std::system_error with the last
    // one's error, std::invalid_argument for an address that is not of the form above.
    GANGWAY_API static tcp_conn dial(std::string_view address, deadline at = never);

    // Waits for at least one byte; how many were read, 0 at the end of the stream.
    GANGWAY_API std::size_t read(std::span<std::byte> into);
    // Writes all of it.
    GANGWAY_API void write(std::span<const std::byte> all);

    // For reads and writes that wait now and later; never: none.
    GANGWAY_API void set_deadline(deadline at);
    GANGWAY_API void close() noexcept;

    // The descriptor, -1 when closed; non-blocking. It stays the connection's.
    GANGWAY_API int native_handle() const noexcept;

private:
    friend class tcp_listener;
    explicit tcp_conn(std::shared_ptr<detail::socket_state> s) : s_(std::move(s)) {}
    std::shared_ptr<detail::socket_state> s_;
};

// Accepts connections on an address: tcp_listener("127.0.0.1:0").
class tcp_listener {
public:
    // Binds and listens. Throws std::system_error that names the address, std::invalid_argument.
    GANGWAY_API explicit tcp_listener(std::string_view address);

    // Waits for the next connection. Errors as for tcp_conn.
    GANGWAY_API tcp_conn accept();
    // The port that it is bound to; 0 for a Unix socket.
    GANGWAY_API std::uint16_t port() const;
    GANGWAY_API void set_deadline(deadline at);
    GANGWAY_API void close() noexcept;
    GANGWAY_API int native_handle() const noexcept;

private:
    std::shared_ptr<detail::socket_state> s_;
};

}  // namespace gangway
