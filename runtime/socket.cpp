// SPDX-License-Identifier: BSD-3-Clause
// Stream sockets over the poller.
//
//  O1 The descriptor is closed when it was asked for and no operation is in a system call with it: another thread's
//     open could get its number, and the operation would go to the wrong file. socket_state.users counts the
//     operations, and its top bit says that it is closed; who takes the count to zero with the bit set closes the
//     descriptor.
#include <atomic>
#include <cerrno>
#include <gangway/poll.hpp>
#include <gangway/time.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/poll_desc.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/start.hpp"

namespace gangway {

using namespace runtime;

namespace detail {

struct socket_state {
    static constexpr std::uint32_t closed_bit = 1U << 31;

    socket_state(int descriptor, int family) : fd(descriptor), short_read_tells(family != AF_UNIX) {
        try {
            pd = poll_open(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET);
        } catch (...) {
            ::close(fd);
            throw;
        }
    }
    ~socket_state() { close(); }
    socket_state(const socket_state&) = delete;
    socket_state& operator=(const socket_state&) = delete;

    // False: it is closed. O1
    bool enter() {
        std::uint32_t n = load_relaxed(users);
        do {
            if ((n & closed_bit) != 0) return false;
        } while (!users.compare_exchange_weak(n, n + 1, std::memory_order_acquire, std::memory_order_relaxed));
        return true;
    }
    void leave() noexcept {
        if (add_acq_rel(users, -1U) != closed_bit) return;
        poll_close(pd, fd);
        ::close(fd);
    }
    void close() noexcept {
        if (!enter()) return;  // as an operation: until it leaves, pd is this socket's
        bool first = (users.fetch_or(closed_bit, std::memory_order_acq_rel) & closed_bit) == 0;
        if (first) poll_unblock(pd);
        leave();
    }

    const int fd;
    // D4. A Unix socket ends a read where descriptors were sent along, too; and whoever has the descriptor's number
    // may make another thing of it.
    std::atomic<bool> short_read_tells;
    poll_desc* pd;
    std::atomic<std::uint32_t> users{0};
};

}  // namespace detail

namespace {

using detail::socket_state;

[[noreturn]] void throw_closed(const char* what) {
    throw std::system_error(EBADF, std::generic_category(), std::string(what) + ": closed");
}

// n, or -errno. Not inline: glibc declares errno's address constant, so a compiler may keep it across a wait, after
// which the goroutine may be on another thread.
[[gnu::noinline]] ssize_t or_errno(ssize_t n) {
    return n >= 0 ? n : -errno;
}

// One operation's stay with the descriptor.
class stay {
public:
    stay(std::shared_ptr<socket_state> s, const char* what) : s_(std::move(s)), what_(what) {
        if (!s_ || !s_->enter()) throw_closed(what);
    }
    ~stay() { s_->leave(); }
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;

    int fd() const { return s_->fd; }

    // After EAGAIN, or where that is what a system call would say.
    void wait(poll_desc::side& side) {
        const char* name = what_ + (sizeof "gangway::" - 1);  // errors name the library themselves
        if (outside_of_runtime()) return as_goroutine(name, [&] { wait(side); });
        check_can_park(name);
        switch (poll_wait(s_->pd, side)) {
            case poll_result::ready:
                return;
            case poll_result::closed:
                throw_closed(what_);
            case poll_result::timed_out:
                throw std::system_error(ETIMEDOUT, std::generic_category(), std::string(what_) + ": deadline");
        }
    }
    poll_desc& desc() const { return *s_->pd; }

    // The system call, again and again until it does not have to wait.
    template <class F>
    ssize_t until_done(poll_desc::side& side, F call) {
        for (;;) {
            ssize_t n = or_errno(call());
            if (n >= 0) return n;
            if (n == -EINTR) continue;
            if (n != -EAGAIN) throw std::system_error(static_cast<int>(-n), std::generic_category(), what_);
            wait(side);
        }
    }

    // n of `room` bytes were read after side.edges was `before`. D4
    void note_read(std::size_t n, std::size_t room, std::uint64_t before) const {
        if (n != 0 && n < room && load_relaxed(s_->short_read_tells)) note_short_read(desc().read, before);
    }

private:
    std::shared_ptr<socket_state> s_;
    const char* what_;
};

std::int64_t ns_of(deadline at) {
    return at == never ? never_fires : std::chrono::nanoseconds(at.time_since_epoch()).count();
}

void set_both_deadlines(const std::shared_ptr<socket_state>& s, deadline at, const char* what) {
    stay here(s, what);
    poll_set_deadline(&here.desc(), here.desc().read, ns_of(at));
    poll_set_deadline(&here.desc(), here.desc().write, ns_of(at));
}

int new_socket(int family, const std::string& what) {
    int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
    return fd;
}

void no_delay(int fd, int family) {
    int on = 1;
    if (family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// connect(2), begun. A Unix socket whose listener's queue is full says EAGAIN, and nothing tells when it no longer
// is.
bool begin_connect(const stay& here, const socket_address& a, deadline at, const std::string& what) {
    for (;;) {
        int error = static_cast<int>(-or_errno(::connect(here.fd(), a.get(), a.size)));
        if (error == 0) return true;
        if (error == EINPROGRESS) return false;
        if (error == EAGAIN && std::chrono::steady_clock::now() < at) {
            sleep_for(std::chrono::milliseconds(1));
        } else if (error != EINTR) {
            throw std::system_error(error == EAGAIN ? ETIMEDOUT : error, std::generic_category(), what);
        }
    }
}

std::shared_ptr<socket_state> connect_to(const socket_address& a, deadline at, const std::string& what) {
    auto s = std::make_shared<socket_state>(new_socket(a.family(), what), a.family());
    stay here(s, what.c_str());
    if (!begin_connect(here, a, at, what)) {
        poll_set_deadline(s->pd, s->pd->write, ns_of(at));
        // The edge of the registration may have been before connect(): only the socket itself says that it is done.
        for (;;) {
            here.wait(s->pd->write);
            int error = 0;
            socklen_t size = sizeof error;
            getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
            if (error != 0) throw std::system_error(error, std::generic_category(), what);
            sockaddr_storage peer{};
            socklen_t peer_size = sizeof peer;
            if (getpeername(s->fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0) break;
        }
        poll_set_deadline(s->pd, s->pd->write, never_fires);
    }
    no_delay(s->fd, a.family());
    return s;
}

std::shared_ptr<socket_state> listen_on(const socket_address& a, const std::string& what) {
    auto s = std::make_shared<socket_state>(new_socket(a.family(), what), a.family());
    int on = 1;
    if (a.family() != AF_UNIX) setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(s->fd, a.get(), a.size) != 0 || ::listen(s->fd, SOMAXCONN) != 0)
        throw std::system_error(errno, std::generic_category(), what);
    return s;
}

// f(address) for each until one does not throw.
template <class F>
std::shared_ptr<socket_state> first_that_works(const std::vector<socket_address>& all, F f) {
    for (std::size_t i = 0;; i++) {
        try {
            return f(all[i]);
        } catch (const std::system_error&) {
            if (i + 1 == all.size()) throw;
        }
    }
}

}  // namespace

tcp_conn tcp_conn::dial(std::string_view address, deadline at) {
    runtime_start();
    std::string what = "gangway::tcp_conn::dial(\"" + std::string(address) + "\")";
    return tcp_conn(first_that_works(resolve(address, false),
                                     [&](const socket_address& a) { return connect_to(a, at, what); }));
}

std::size_t tcp_conn::read(std::span<std::byte> into) {
    stay here(s_, "gangway::tcp_conn::read");
    if (into.empty()) return 0;
    poll_desc::side& side = here.desc().read;
    while (is_drained(side)) here.wait(side);
    std::uint64_t edges = 0;
    auto n = static_cast<std::size_t>(here.until_done(side, [&] {
        edges = load_acquire(side.edges);
        return ::recv(here.fd(), into.data(), into.size(), 0);
    }));
    here.note_read(n, into.size(), edges);
    return n;
}

void tcp_conn::write(std::span<const std::byte> all) {
    stay here(s_, "gangway::tcp_conn::write");
    while (!all.empty()) {
        // A peer that is gone is an error of this call, not a SIGPIPE for the process.
        ssize_t n = here.until_done(here.desc().write,
                                    [&] { return ::send(here.fd(), all.data(), all.size(), MSG_NOSIGNAL); });
        all = all.subspan(static_cast<std::size_t>(n));
    }
}

void tcp_conn::set_deadline(deadline at) {
    set_both_deadlines(s_, at, "gangway::tcp_conn::set_deadline");
}

void tcp_conn::close() noexcept {
    if (s_) s_->close();
}

int tcp_conn::native_handle() const noexcept {
    if (!s_ || (load_relaxed(s_->users) & socket_state::closed_bit) != 0) return -1;
    store_relaxed(s_->short_read_tells, false);
    return s_->fd;
}

tcp_listener::tcp_listener(std::string_view address) {
    runtime_start();
    std::string what = "gangway::tcp_listener(\"" + std::string(address) + "\")";
    s_ = first_that_works(resolve(address, true), [&](const socket_address& a) { return listen_on(a, what); });
}

tcp_conn tcp_listener::accept() {
    stay here(s_, "gangway::tcp_listener::accept");
    socket_address peer;
    peer.size = sizeof peer.storage;
    ssize_t fd = here.until_done(here.desc().read, [&] {
        return static_cast<ssize_t>(::accept4(here.fd(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    });
    no_delay(static_cast<int>(fd), peer.family());
    return tcp_conn(std::make_shared<socket_state>(static_cast<int>(fd), peer.family()));
}

std::uint16_t tcp_listener::port() const {
    stay here(s_, "gangway::tcp_listener::port");
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (getsockname(here.fd(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
        throw std::system_error(errno, std::generic_category(), "gangway::tcp_listener::port");
    if (bound.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
    if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
    return 0;
}

void tcp_listener::set_deadline(deadline at) {
    set_both_deadlines(s_, at, "gangway::tcp_listener::set_deadline");
}

void tcp_listener::close() noexcept {
    if (s_) s_->close();
}

int tcp_listener::native_handle() const noexcept {
    return s_ && (load_relaxed(s_->users) & socket_state::closed_bit) == 0 ? s_->fd : -1;
}

}  // namespace gangway
