// SPDX-License-Identifier: BSD-3-Clause
#include <cerrno>
#include <ctime>
#include <gangway/poll.hpp>
#include <poll.h>
#include <string>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

#include "runtime/poll_desc.hpp"
#include "runtime/start.hpp"
#include "runtime/systemstack.hpp"

namespace gangway {

using namespace runtime;

namespace {

[[noreturn]] void throw_for(int fd, int error) {
    throw std::system_error(error, std::generic_category(), "gangway::wait_fd: descriptor " + std::to_string(fd));
}

// poll(2); limit null: none. 0 when it has passed. Not inline: errno's address must not be kept across a wait.
[[gnu::noinline]] short poll_within(int fd, short events, const timespec* limit) {
    pollfd one{fd, events, 0};
    int n = ppoll(&one, 1, limit, nullptr);
    if (n < 0 && errno != EINTR) throw_for(fd, errno);
    if (n > 0 && (one.revents & POLLNVAL) != 0) throw_for(fd, EBADF);
    return n > 0 ? one.revents : short{0};
}

short poll_now(int fd, short events) {
    timespec none{};
    return poll_within(fd, events, &none);
}

short poll_thread(int fd, short events, deadline at) {
    for (;;) {
        if (at == never) {
            if (short now = poll_within(fd, events, nullptr)) return now;
            continue;
        }
        auto left = std::chrono::nanoseconds(at - std::chrono::steady_clock::now()).count();
        timespec limit{};
        if (left > 0) limit = {left / 1'000'000'000, left % 1'000'000'000};
        if (short now = poll_within(fd, events, &limit)) return now;
        if (left <= 0) return 0;
    }
}

// The descriptor that epoll is to watch. Two goroutines may wait for one; epoll takes each number only once, but a
// duplicate of it is another number for the same file.
class watched {
public:
    watched(int fd, short events) : fd_(fd) {
        std::uint32_t wanted = static_cast<std::uint16_t>(events) | EPOLLET;
        try {
            pd_ = poll_open(fd_, wanted, true);
            return;
        } catch (const std::system_error& e) {
            if (e.code().value() != EEXIST) throw;
        }
        fd_ = duplicate_ = dup(fd);
        if (fd_ < 0) throw_for(fd, errno);
        try {
            pd_ = poll_open(fd_, wanted, true);
        } catch (...) {
            ::close(duplicate_);
            throw;
        }
    }
    ~watched() {
        poll_close(pd_, fd_);
        if (duplicate_ >= 0) ::close(duplicate_);
    }
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;

    poll_desc* operator->() const { return pd_; }
    poll_desc* get() const { return pd_; }

private:
    int fd_;
    int duplicate_ = -1;
    poll_desc* pd_ = nullptr;
};

}  // namespace

short wait_fd(int fd, short events, deadline at) {
    if (fd < 0) throw_for(fd, EBADF);  // poll(2) would take it for one to leave out
    if (!on_curg_stack()) return poll_thread(fd, events, at);
    // What holds already needs no parking, and what epoll does not know (a plain file) always holds.
    if (short now = poll_now(fd, events)) return now;
    watched w(fd, events);
    if (at != never) poll_set_deadline(w.get(), w->read, at.time_since_epoch().count());
    for (;;) {
        if (poll_wait(w.get(), w->read) == poll_result::timed_out) return 0;
        if (short now = poll_now(fd, events)) return now;
    }
}

}  // namespace gangway
