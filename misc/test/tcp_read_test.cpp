// SPDX-License-Identifier: BSD-3-Clause
// A read that got less than it had room for found the socket empty, so the next one waits without asking. What comes
// in between is found all the same, and so is all that may stand behind the bytes of a short read.
#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture.hpp"

namespace {

std::atomic<int> recv_calls{0};
std::atomic<int> recv_calls_in_vain{0};

}  // namespace

// In the place of libc's, for the runtime too, which is linked statically.
extern "C" ssize_t recv(int fd, void* into, size_t size, int flags) {
    ssize_t n = syscall(SYS_recvfrom, fd, into, size, flags, nullptr, nullptr);
    recv_calls++;
    if (n < 0 && errno == EAGAIN) recv_calls_in_vain++;
    return n;
}

namespace {

using namespace std::chrono_literals;
using gangway::tcp_conn;
using gangway::tcp_listener;

struct connection {
    explicit connection(const std::string& address = "127.0.0.1:0") : listener(address) {
        const std::string host = address.substr(0, address.rfind(':'));
        near = tcp_conn::dial(host == "unix" ? address : host + ":" + std::to_string(listener.port()));
        far = listener.accept();
    }
    tcp_listener listener;
    tcp_conn near, far;
};

void send(tcp_conn& c, std::string_view text) {
    c.write(std::as_bytes(std::span(text)));
}

// One read with that much room.
std::string receive(tcp_conn& c, std::size_t room = 64) {
    std::string got(room, '?');
    got.resize(c.read(std::as_writable_bytes(std::span(got))));
    return got;
}

std::string receive_all(tcp_conn& c) {
    std::string all;
    for (std::string part = receive(c); !part.empty(); part = receive(c)) all += part;
    return all;
}

std::errc error_of_receive(tcp_conn& c) {
    try {
        receive(c);
        return {};
    } catch (const std::system_error& e) {
        return static_cast<std::errc>(e.code().value());
    }
}

GOROUTINE_TEST(tcp_read, asks_once_for_each_message) {
    connection c;
    gangway::chan<std::string> got(1);
    gangway::wait_group reader;
    reader.go([&] {
        for (std::string s = receive(c.far); !s.empty(); s = receive(c.far)) got.send(s);
    });
    // What is there before the reader looks is read before its event, which is then one for an empty socket.
    ASSERT_TRUE(test::until_parked(1, "IO wait"));
    send(c.near, "first");
    EXPECT_EQ("first", *got.recv());
    ASSERT_TRUE(test::until_parked(1, "IO wait"));
    send(c.near, "second");
    EXPECT_EQ("second", *got.recv());
    ASSERT_TRUE(test::until_parked(1, "IO wait"));
    const int calls = recv_calls, in_vain = recv_calls_in_vain;
    constexpr int messages = 100;
    for (int i = 0; i < messages; i++) {
        send(c.near, std::to_string(i));
        EXPECT_EQ(std::to_string(i), *got.recv());
        ASSERT_TRUE(test::until_parked(1, "IO wait"));
    }
    EXPECT_EQ(messages, recv_calls - calls);
    EXPECT_EQ(0, recv_calls_in_vain - in_vain);
    c.near.close();
    reader.wait();
}

GOROUTINE_TEST(tcp_read, finds_what_came_after_a_short_read) {
    connection c;
    for (int i = 0; i < test::sized(1000, 100); i++) {
        send(c.near, "abc");
        EXPECT_EQ("abc", receive(c.far));
        send(c.near, "de");
        EXPECT_EQ("de", receive(c.far));
    }
}

// The sender is on another p, where there is one: before, between and after the reader's two steps.
GOROUTINE_TEST(tcp_read, finds_what_comes_while_it_goes_to_wait) {
    connection c;
    gangway::wait_group others;
    constexpr int messages = test::sized(20'000, 1000);
    others.go([&] {
        for (int i = 0; i < messages; i++) {
            send(c.near, "x");
            if (i % 8 == 0) gangway::gosched();
            if (i % 64 == 0) {
                EXPECT_EQ("y", receive(c.near));
            }
        }
        c.near.close();
    });
    int bytes = 0;
    for (std::string s = receive(c.far); !s.empty(); s = receive(c.far)) {
        for (std::size_t k = 0; k < s.size(); k++) {
            if (bytes++ % 64 == 0) send(c.far, "y");
        }
    }
    EXPECT_EQ(messages, bytes);
    others.wait();
}

GOROUTINE_TEST(tcp_read, buffers_that_are_exactly_full) {
    connection c;
    for (int i = 0; i < 100; i++) {
        send(c.near, "12345678");
        EXPECT_EQ("1234", receive(c.far, 4));
        EXPECT_EQ("5678", receive(c.far, 4));
        send(c.near, "9");
        EXPECT_EQ("9", receive(c.far, 4));
    }
}

// The reader waits when both come, so that one event tells of both: there is no other to come.
GOROUTINE_TEST(tcp_read, end_of_the_stream_behind_the_last_bytes) {
    for (int i = 0; i < test::sized(200, 20); i++) {
        connection c;
        gangway::wait_group reader;
        reader.go([&] {
            EXPECT_EQ("last", receive(c.far));
            EXPECT_EQ("", receive(c.far));
            EXPECT_EQ("", receive(c.far));
        });
        ASSERT_TRUE(test::until_parked(1, "IO wait"));
        send(c.near, "last");
        c.near.close();
        reader.wait();
    }
}

// The near end closes once the far one has had a short read. With bytes unread at its end, a socket resets its
// connection.
void close_after_a_short_read(bool unread) {
    for (int i = 0; i < test::sized(200, 20); i++) {
        connection c;
        gangway::wait_group others;
        send(c.near, "last");
        EXPECT_EQ("last", receive(c.far));
        if (unread) {
            send(c.far, "never read");
            pollfd come{c.near.native_handle(), POLLIN, 0};
            ASSERT_EQ(1, gangway::blocking_call<&::poll>(&come, nfds_t{1}, -1));
        }
        others.go([&] { c.near.close(); });
        if (unread) {
            EXPECT_EQ(std::errc::connection_reset, error_of_receive(c.far));
        } else {
            EXPECT_EQ("", receive(c.far));
        }
        others.wait();
    }
}

GOROUTINE_TEST(tcp_read, end_of_the_stream_after_a_short_read) {
    close_after_a_short_read(false);
}

GOROUTINE_TEST(tcp_read, reset_after_a_short_read) {
    close_after_a_short_read(true);
}

GOROUTINE_TEST(tcp_read, deadlines_and_close_after_a_short_read) {
    connection c;
    send(c.near, "abc");
    EXPECT_EQ("abc", receive(c.far));
    c.far.set_deadline(std::chrono::steady_clock::now() - 1ms);
    EXPECT_EQ(std::errc::timed_out, error_of_receive(c.far));
    c.far.set_deadline(std::chrono::steady_clock::now() + 1ms);
    EXPECT_EQ(std::errc::timed_out, error_of_receive(c.far));
    c.far.set_deadline(gangway::never);
    send(c.near, "de");
    EXPECT_EQ("de", receive(c.far));
    gangway::wait_group others;
    others.go([&] {
        EXPECT_TRUE(test::until_parked(1, "IO wait"));
        c.far.close();
    });
    EXPECT_EQ(std::errc::bad_file_descriptor, error_of_receive(c.far));
    others.wait();
}

GOROUTINE_TEST(tcp_read, readers_that_take_turns) {
    connection c;
    constexpr int turns = test::sized(2000, 100);
    gangway::chan<int> mine, yours;
    gangway::wait_group readers;
    auto read_in_turn = [&](gangway::chan<int>& turn, gangway::chan<int>& next) {
        for (int i = 0; i < turns; i++) {
            turn.recv();
            EXPECT_EQ("m", receive(c.far));
            send(c.far, "k");
            next.send(i);
        }
    };
    readers.go([&] { read_in_turn(mine, yours); });
    readers.go([&] { read_in_turn(yours, mine); });
    mine.send(0);
    for (int i = 0; i < 2 * turns; i++) {
        send(c.near, "m");
        EXPECT_EQ("k", receive(c.near));
    }
    mine.recv();
    readers.wait();
}

// A read ends before urgent data, and bytes stand behind it. Urgent data itself is not in the stream.
GOROUTINE_TEST(tcp_read, bytes_behind_urgent_data) {
    for (int i = 0; i < test::sized(200, 20); i++) {
        connection c;
        send(c.near, "abc");
        EXPECT_EQ("abc", receive(c.far));
        send(c.near, "de");
        ASSERT_EQ(1, ::send(c.near.native_handle(), "!", 1, MSG_OOB));
        send(c.near, "fg");
        std::string got;
        while (got.size() < 4) got += receive(c.far);
        EXPECT_EQ("defg", got);
    }
}

// A Unix socket's read ends where descriptors were sent along.
GOROUTINE_TEST(tcp_read, bytes_behind_descriptors) {
    for (int i = 0; i < test::sized(200, 20); i++) {
        connection c("unix:@gangway-read-test-" + std::to_string(::getpid()));
        iovec text{const_cast<char*>("ab"), 2};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
        msghdr m{};
        m.msg_iov = &text;
        m.msg_iovlen = 1;
        m.msg_control = room.data();
        m.msg_controllen = room.size();
        cmsghdr* with = CMSG_FIRSTHDR(&m);
        with->cmsg_level = SOL_SOCKET;
        with->cmsg_type = SCM_RIGHTS;
        with->cmsg_len = CMSG_LEN(sizeof(int));
        *reinterpret_cast<int*>(CMSG_DATA(with)) = STDERR_FILENO;
        ASSERT_EQ(2, ::sendmsg(c.near.native_handle(), &m, 0));
        send(c.near, "cd");
        c.near.close();
        EXPECT_EQ("abcd", receive_all(c.far));
    }
}

// Who has the descriptor may have made something else of it, of which a short read says less.
GOROUTINE_TEST(tcp_read, asks_where_the_descriptor_is_known) {
    connection c;
    EXPECT_NE(-1, c.far.native_handle());
    send(c.near, "abc");
    EXPECT_EQ("abc", receive(c.far));
    const int in_vain = recv_calls_in_vain;
    c.far.set_deadline(std::chrono::steady_clock::now() - 1ms);
    EXPECT_EQ(std::errc::timed_out, error_of_receive(c.far));
    EXPECT_LT(in_vain, recv_calls_in_vain);
}

}  // namespace
