// SPDX-License-Identifier: BSD-3-Clause
// libmicrohttpd, an HTTP server with threads of its own, whose handlers are goroutine code.
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <microhttpd.h>

#include "../fixture.hpp"

namespace {

// The answer to a request for this path.
using handler = std::function<std::string(const std::string& path)>;

using handler_fn = std::remove_pointer_t<MHD_AccessHandlerCallback>;

class server {
public:
    server(unsigned flags, unsigned threads, handler h)
        : handle_(std::move(h)), handler_([this](auto... args) { return request(args...); }, /*on_error=*/MHD_NO) {
        daemon_ = gangway::call([&] {
            return MHD_start_daemon(flags | MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr, handler_.fn(),
                                    handler_.data(), MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
        });
        if (daemon_ == nullptr) throw std::runtime_error("MHD_start_daemon");
    }
    // It waits for the threads, and what they call back needs ps.
    ~server() { gangway::blocking_call<&::MHD_stop_daemon>(daemon_); }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    std::string address() const {
        const MHD_DaemonInfo* info = gangway::call<&::MHD_get_daemon_info>(daemon_, MHD_DAEMON_INFO_BIND_PORT);
        return "127.0.0.1:" + std::to_string(info->port);
    }

private:
    // Called once when a request begins, and again when all of it is there.
    MHD_Result request(MHD_Connection* connection, const char* path, const char*, const char*, const char*,
                       std::size_t*, void** seen) {
        if (*seen == nullptr) {
            *seen = this;
            return MHD_YES;
        }
        const std::string text = handle_(path);
        return gangway::call([&] {
            MHD_Response* response = MHD_create_response_from_buffer(text.size(), const_cast<char*>(text.data()),
                                                                     MHD_RESPMEM_MUST_COPY);
            const MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
            MHD_destroy_response(response);
            return queued;
        });
    }

    handler handle_;
    gangway::userdata_callback<handler_fn, 0> handler_;
    MHD_Daemon* daemon_ = nullptr;
};

// All that the server sends until it closes the connection.
std::string response_to(const std::string& address, const std::string& path) {
    auto conn = gangway::tcp_conn::dial(address);
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    conn.write(std::as_bytes(std::span(request)));
    std::string all;
    std::array<std::byte, 1024> bytes;
    while (const std::size_t n = conn.read(bytes)) all.append(reinterpret_cast<const char*>(bytes.data()), n);
    return all;
}
std::string body_of(const std::string& response) {
    const std::size_t at = response.find("\r\n\r\n");
    return at == std::string::npos ? "no body in: " + response : response.substr(at + 4);
}
std::string get(const std::string& address, const std::string& path) {
    return body_of(response_to(address, path));
}

// No handler returns before all are inside: with fewer in flight at once than that, nobody would ever be answered.
GOROUTINE_TEST(microhttpd, a_hundred_requests_in_flight) {
    constexpr int n = 100;
    std::atomic<int> inside{0};
    gangway::chan<int> let_go;
    server s(MHD_USE_THREAD_PER_CONNECTION, 0, [&](const std::string& path) {
        if (++inside == n) let_go.close();
        EXPECT_EQ(std::nullopt, let_go.recv());
        return "answer to " + path;
    });
    const std::string address = s.address();
    std::atomic<int> answered{0};
    gangway::wait_group all;
    for (int i = 0; i < n; i++) {
        all.go([&, i] {
            const std::string path = "/" + std::to_string(i);
            EXPECT_EQ("answer to " + path, get(address, path));
            answered++;
        });
    }
    all.wait();
    EXPECT_EQ(n, inside);
    EXPECT_EQ(n, answered);
}

// Four threads serve all connections. A handler asks a goroutine, which is the same for all.
GOROUTINE_TEST(microhttpd, a_pool_of_threads_that_asks_a_goroutine) {
    struct question {
        std::string path;
        gangway::chan<std::string> answer;
    };
    gangway::chan<question> questions;
    auto oracle = gangway::spawn([=]() mutable {
        int n = 0;
        for (question& q : questions) {
            n++;
            q.answer.send(q.path + q.path);
        }
        return n;
    });
    {
        server s(0, 4, [&](const std::string& path) {
            question q{path, gangway::chan<std::string>()};
            questions.send(q);
            return q.answer.recv().value();
        });
        const std::string address = s.address();
        gangway::wait_group all;
        for (int i = 0; i < 10; i++) {
            all.go([&, i] {
                const std::string path = "/" + std::to_string(i);
                for (int k = 0; k < 5; k++) EXPECT_EQ(path + path, get(address, path));
            });
        }
        all.wait();
    }
    questions.close();
    EXPECT_EQ(50, oracle.join());
}

// The request of a handler that is itself a client of the same server, on another of its threads.
GOROUTINE_TEST(microhttpd, a_handler_that_is_a_client) {
    std::string address;
    server s(MHD_USE_THREAD_PER_CONNECTION, 0, [&](const std::string& path) {
        return path.size() == 1 ? "end" : path + " " + get(address, path.substr(0, path.size() - 1));
    });
    address = s.address();
    EXPECT_EQ("/abc /ab /a end", get(address, "/abc"));
}

// What a body is made of is asked for piece by piece, and comes from a goroutine.
GOROUTINE_TEST(microhttpd, a_body_from_a_channel) {
    constexpr int n = 50;
    gangway::chan<std::string> pieces;
    auto producer = gangway::spawn([=]() mutable {
        for (int i = 0; i < n; i++) pieces.send("piece " + std::to_string(i) + "\n");
        pieces.close();
    });
    gangway::userdata_callback<ssize_t(void*, std::uint64_t, char*, std::size_t), 0> pull(
        [&](std::uint64_t, char* to, std::size_t room) -> ssize_t {
            const std::optional<std::string> piece = pieces.recv();
            if (!piece) return MHD_CONTENT_READER_END_OF_STREAM;
            if (piece->size() > room) return MHD_CONTENT_READER_END_WITH_ERROR;
            std::memcpy(to, piece->data(), piece->size());
            return static_cast<ssize_t>(piece->size());
        },
        ssize_t{MHD_CONTENT_READER_END_WITH_ERROR});
    gangway::userdata_callback<handler_fn, 0> on_request(
        [&](MHD_Connection* connection, const char*, const char*, const char*, const char*, std::size_t*,
            void** seen) {
            if (std::exchange(*seen, &pieces) == nullptr) return MHD_YES;
            return gangway::call([&] {
                MHD_Response* response =
                    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 512, pull.fn(), pull.data(), nullptr);
                const MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
                MHD_destroy_response(response);
                return queued;
            });
        },
        MHD_NO);
    MHD_Daemon* daemon = gangway::call([&] {
        return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, nullptr,
                                nullptr, on_request.fn(), on_request.data(), MHD_OPTION_END);
    });
    ASSERT_NE(nullptr, daemon);
    const auto port = gangway::call<&::MHD_get_daemon_info>(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    const std::string response = response_to("127.0.0.1:" + std::to_string(port), "/");
    gangway::blocking_call<&::MHD_stop_daemon>(daemon);
    producer.join();
    std::size_t at = 0;
    for (int i = 0; i < n; i++) {
        at = response.find("piece " + std::to_string(i) + "\n", at);
        ASSERT_NE(std::string::npos, at) << i << ": " << response;
    }
}

// There is no call to throw it again on a server's thread: the handler for such exceptions gets it, and the server, which
// gets on_error, closes the connection.
GOROUTINE_TEST(microhttpd, an_exception_out_of_a_handler) {
    gangway::chan<std::string> seen(1);
    gangway::set_callback_exception_handler([&](std::exception_ptr e) {
        try {
            std::rethrow_exception(std::move(e));
        } catch (const std::runtime_error& error) {
            seen.send(error.what());
        }
    });
    {
        server s(MHD_USE_THREAD_PER_CONNECTION, 0, [](const std::string& path) -> std::string {
            if (path == "/fail") throw std::runtime_error("no answer to " + path);
            return "fine";
        });
        const std::string address = s.address();
        EXPECT_EQ("fine", get(address, "/"));
        EXPECT_EQ("", response_to(address, "/fail"));
        EXPECT_EQ("no answer to /fail", seen.recv());
        EXPECT_EQ("fine", get(address, "/"));
    }
    gangway::set_callback_exception_handler(nullptr);
}

}  // namespace
