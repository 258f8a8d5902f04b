// SPDX-License-Identifier: BSD-3-Clause
// A loop of poll(2) for the event_loop: descriptors of C libraries that are driven by them on one thread.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gangway/callback.hpp>
#include <gangway/pinned.hpp>

namespace gangway {

namespace detail {
// What poll_loop has to have before its event_loop.
class poll_loop_state {
public:
    poll_loop_state() : wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (wake_fd < 0) throw std::system_error(errno, std::generic_category(), "gangway: eventfd");
        fds.push_back({wake_fd, POLLIN, 0});
    }
    ~poll_loop_state() { ::close(wake_fd); }
    poll_loop_state(const poll_loop_state&) = delete;
    poll_loop_state& operator=(const poll_loop_state&) = delete;

    int wake_fd;
    bool ending = false;
    std::vector<pollfd> fds;                           // the first is wake_fd
    std::vector<std::function<void(short)>> handlers;  // of the second on
};
}  // namespace detail

class poll_loop : private detail::poll_loop_state, public event_loop {
public:
    // Any thread. Throws std::system_error when there is no descriptor left.
    poll_loop() : event_loop(hooks{[this] { run_loop(); }, [this] { wake(); }, [this] { ending = true; }}) {}

    // Calls f(revents) on the loop's thread, as goroutine code, when poll(2) tells one of events, or an error, of fd. On the
    // loop's thread, or before exec(). A second call for the same fd takes the place of the first.
    void watch(int fd, short events, std::function<void(short revents)> f) {
        unwatch(fd);
        fds.push_back({fd, events, 0});
        handlers.push_back(std::move(f));
    }

    // On the loop's thread, or before exec(). In f of that fd too. Of an fd that is not watched: nothing.
    void unwatch(int fd) {
        for (std::size_t i = 1; i < fds.size(); i++) {
            if (fds[i].fd == fd) fds[i].fd = -1;  // taken out between two turns
        }
    }

private:
    void wake() {
        const std::uint64_t one = 1;
        while (::write(wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
        }
    }

    // In C.
    void run_loop() {
        while (!ending) {
            remove_unwatched();
            if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "gangway::poll_loop: poll");
            if (std::exchange(fds[0].revents, 0) != 0) {
                std::uint64_t count = 0;
                [[maybe_unused]] ssize_t n = ::read(wake_fd, &count, sizeof count);
                run_posted();
            }
            call_handlers();
        }
    }

    void call_handlers() {
        for (std::size_t i = 1; i < fds.size() && !ending; i++) {
            const short events = std::exchange(fds[i].revents, 0);
            if (events == 0 || fds[i].fd < 0) continue;
            std::function<void(short)> f = handlers[i - 1];  // it may watch others, and the vector move
            detail::enter_goroutine<void>([&] { f(events); }, [this] { ending = true; });
        }
    }

    void remove_unwatched() {
        for (std::size_t i = fds.size(); i-- > 1;) {
            if (fds[i].fd >= 0) continue;
            fds.erase(fds.begin() + static_cast<std::ptrdiff_t>(i));
            handlers.erase(handlers.begin() + static_cast<std::ptrdiff_t>(i - 1));
        }
    }
};

}  // namespace gangway
