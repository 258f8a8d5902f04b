// SPDX-License-Identifier: BSD-3-Clause
// Descriptors and sockets: TestClosedPipeRaceRead, NetpollWaiters, TestNetpollBreak.
#include <array>
#include <cstring>
#include <string>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include "fixture.hpp"

namespace {

using namespace std::chrono_literals;
using gangway::tcp_conn;
using gangway::tcp_listener;

gangway::deadline in(std::chrono::milliseconds d) {
    return std::chrono::steady_clock::now() + d;
}

class pipe_ends {
public:
    pipe_ends() { EXPECT_EQ(0, ::pipe(fds_.data())); }
    ~pipe_ends() {
        for (int fd : fds_) ::close(fd);
    }
    int reads() const { return fds_[0]; }
    int writes() const { return fds_[1]; }

private:
    std::array<int, 2> fds_{};
};

GOROUTINE_TEST(wait_fd, gives_what_holds_and_zero_at_the_deadline) {
    gangway::wait_group others;  // they use what is in this frame
    pipe_ends p;
    EXPECT_EQ(0, gangway::wait_fd(p.reads(), POLLIN, in(1ms)));
    EXPECT_EQ(POLLOUT, gangway::wait_fd(p.writes(), POLLOUT));
    others.go([&] { EXPECT_EQ(1, ::write(p.writes(), "x", 1)); });
    EXPECT_EQ(POLLIN, gangway::wait_fd(p.reads(), POLLIN));
    others.wait();
}

GOROUTINE_TEST(wait_fd, two_goroutines_may_wait_for_one_descriptor) {
    pipe_ends p;
    gangway::wait_group wg;
    for (int i = 0; i < 2; i++) wg.go([&] { EXPECT_EQ(POLLIN, gangway::wait_fd(p.reads(), POLLIN)); });
    ASSERT_TRUE(test::yield_until([] {
        std::string all = gangway::stacks();
        std::size_t first = all.find("[IO wait");
        return first != std::string::npos && all.find("[IO wait", first + 1) != std::string::npos;
    }));
    EXPECT_EQ(1, ::write(p.writes(), "x", 1));
    wg.wait();
}

GOROUTINE_TEST(wait_fd, names_a_bad_descriptor) {
    for (int bad : {-7, 12345}) {
        try {
            gangway::wait_fd(bad, POLLIN);
            FAIL() << bad;
        } catch (const std::system_error& e) {
            EXPECT_EQ(std::errc::bad_file_descriptor, e.code());
            EXPECT_NE(nullptr, std::strstr(e.what(), std::to_string(bad).c_str())) << e.what();
        }
    }
}

// Goroutines that are locked to their thread, the main one on the thread of run() among them, leave no m that would poll.
GOROUTINE_TEST(wait_fd, wakes_a_locked_goroutine) {
    gangway::wait_group others;  // they use what is in this frame
    gangway::os_thread_lock locked;
    pipe_ends there, back;
    others.go([&] {
        gangway::os_thread_lock also;
        EXPECT_EQ(POLLIN, gangway::wait_fd(there.reads(), POLLIN));
        EXPECT_EQ(1, ::write(back.writes(), "y", 1));
    });
    EXPECT_EQ(1, ::write(there.writes(), "x", 1));
    EXPECT_EQ(POLLIN, gangway::wait_fd(back.reads(), POLLIN));
    others.wait();
}

TEST(wait_fd, off_a_goroutine_is_poll) {
    pipe_ends p;
    EXPECT_EQ(0, gangway::wait_fd(p.reads(), POLLIN, in(1ms)));
    EXPECT_EQ(POLLOUT, gangway::wait_fd(p.writes(), POLLOUT));
}

// Echoes until its connections end; ends with the listener.
void serve(tcp_listener& l) {
    try {
        for (;;) {
            gangway::go([c = l.accept()]() mutable {
                std::array<std::byte, 256> bytes{};
                try {
                    while (std::size_t n = c.read(bytes)) c.write(std::span(bytes).first(n));
                } catch (const std::system_error&) {
                    // the peer has gone
                }
            });
        }
    } catch (const std::system_error& e) {
        EXPECT_EQ(std::errc::bad_file_descriptor, e.code()) << e.what();
    }
}

void echo_round_trips(const std::string& address, const std::string& host) {
    tcp_listener l(address);
    const std::string to = host.empty() ? address : host + ":" + std::to_string(l.port());
    gangway::wait_group server, clients;
    server.go([&] { serve(l); });
    for (int k = 0; k < (test::under_sanitizer ? 10 : 100); k++) {
        clients.go([&, k] {
            tcp_conn c = tcp_conn::dial(to, in(30s));
            for (int i = 0; i < 20; i++) {
                const std::string sent = std::to_string(k) + " " + std::to_string(i);
                c.write(std::as_bytes(std::span(sent)));
                std::string got(sent.size(), '?');
                auto room = std::as_writable_bytes(std::span(got));
                while (!room.empty()) {
                    const std::size_t n = c.read(room);
                    ASSERT_NE(0U, n);
                    room = room.subspan(n);
                }
                ASSERT_EQ(sent, got);
            }
        });
    }
    clients.wait();
    l.close();
    server.wait();
}

GOROUTINE_TEST(tcp, echo_over_ipv4) {
    echo_round_trips("127.0.0.1:0", "127.0.0.1");
}
GOROUTINE_TEST(tcp, echo_over_a_unix_socket) {
    echo_round_trips("unix:@gangway-test-" + std::to_string(::getpid()), "");
}
GOROUTINE_TEST(tcp, echo_over_ipv6_where_there_is_one) {
    try {
        tcp_listener probe("[::1]:0");
    } catch (const std::system_error&) {
        GTEST_SKIP() << "no IPv6 here";
    }
    echo_round_trips("[::1]:0", "[::1]");
}

GOROUTINE_TEST(tcp, close_wakes_who_waits_and_says_so) {
    gangway::wait_group others;  // they use what is in this frame
    tcp_listener l("127.0.0.1:0");
    tcp_conn c = tcp_conn::dial("127.0.0.1:" + std::to_string(l.port()));
    tcp_conn other_end = l.accept();
    others.go([&] {
        EXPECT_TRUE(test::yield_until([] { return gangway::stacks().find("[IO wait") != std::string::npos; }));
        c.close();
    });
    std::array<std::byte, 1> b{};
    try {
        c.read(b);
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(std::errc::bad_file_descriptor, e.code());
        EXPECT_NE(nullptr, std::strstr(e.what(), "closed")) << e.what();
    }
    EXPECT_THROW(c.write(b), std::system_error);
    EXPECT_EQ(-1, c.native_handle());
    EXPECT_EQ(0U, other_end.read(b)) << "the end of the stream";
    others.wait();
}

GOROUTINE_TEST(tcp, deadlines_hold_and_can_be_put_off) {
    gangway::wait_group others;  // they use what is in this frame
    tcp_listener l("127.0.0.1:0");
    l.set_deadline(in(1ms));
    try {
        l.accept();
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(std::errc::timed_out, e.code());
    }
    l.set_deadline(gangway::never);
    tcp_conn c = tcp_conn::dial("127.0.0.1:" + std::to_string(l.port()));
    tcp_conn other_end = l.accept();
    std::array<std::byte, 1> b{};
    c.set_deadline(in(-1ms));
    EXPECT_THROW(c.read(b), std::system_error);
    c.set_deadline(in(1ms));
    EXPECT_THROW(c.read(b), std::system_error);
    c.set_deadline(in(1h));
    others.go([&] { other_end.write(std::array<std::byte, 1>{}); });
    EXPECT_EQ(1U, c.read(b));
    others.wait();
}

GOROUTINE_TEST(tcp, bad_addresses_are_named) {
    for (const char* bad : {"nowhere", "host:", "::1:80", "unix:"}) {
        try {
            tcp_conn::dial(bad);
            FAIL() << bad;
        } catch (const std::invalid_argument& e) {
            EXPECT_NE(nullptr, std::strstr(e.what(), bad)) << e.what();
        }
    }
    try {
        tcp_listener l("127.0.0.1:0");
        const std::string address = "127.0.0.1:" + std::to_string(l.port());
        l.close();
        tcp_conn::dial(address);
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(std::errc::connection_refused, e.code()) << e.what();
    }
}

}  // namespace
