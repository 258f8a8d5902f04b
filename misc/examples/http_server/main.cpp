// SPDX-License-Identifier: BSD-3-Clause
// An HTTP server by libmicrohttpd, in which requests wait for each other.
//
//   http_server [PORT]                 8080, or 0 for any free one
//   curl localhost:8080/next           waits until something is said, and prints it
//   curl localhost:8080/say/hello      says it to all who wait
//
// libmicrohttpd has a thread for each connection and calls answer() on it. To Gangway that is a callback from a thread of
// C's: a goroutine of its own, which may wait for a lock, a channel, a timer or another goroutine like any other. Those of
// the server and those of the program, such as the clock, meet in the board.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <microhttpd.h>

#include <gangway/gangway.hpp>

namespace {

class board {
public:
    int say(std::string text) {  // to how many
        std::lock_guard lock(m_);
        last_ = std::move(text);
        said_++;
        changed_.notify_all();
        return std::exchange(waiting_, 0);
    }
    // What is said next. Once the board is closed nobody waits any more.
    std::string next() {
        std::unique_lock lock(m_);
        waiting_++;
        changed_.wait(lock, [this, before = said_] { return said_ != before || closed_; });
        return closed_ ? "the server stops" : last_;
    }
    void close() {
        std::lock_guard lock(m_);
        closed_ = true;
        changed_.notify_all();
    }

private:
    gangway::mutex m_;
    gangway::condition_variable changed_;
    std::string last_;
    int said_ = 0;
    int waiting_ = 0;
    bool closed_ = false;
};

// The whole lambda is one call: plain C, in which nothing may wait.
MHD_Result respond(MHD_Connection* connection, unsigned status, std::string text) {
    text += '\n';
    return gangway::call([&] {
        MHD_Response* r = MHD_create_response_from_buffer(text.size(), text.data(), MHD_RESPMEM_MUST_COPY);
        const MHD_Result queued = MHD_queue_response(connection, status, r);
        MHD_destroy_response(r);
        return queued;
    });
}

MHD_Result answer(board& b, MHD_Connection* connection, std::string_view path) {
    if (path == "/next") return respond(connection, MHD_HTTP_OK, b.next());
    if (!path.starts_with("/say/")) return respond(connection, MHD_HTTP_NOT_FOUND, "GET /next or /say/TEXT");
    return respond(connection, MHD_HTTP_OK, "said to " + std::to_string(b.say(std::string(path.substr(5)))));
}

int run_server(std::uint16_t port, const sigset_t& stop_signals) {
    board b;
    // What libmicrohttpd hands back of ours is its first parameter, number 0. MHD_NO: what it gets when answer() throws.
    gangway::userdata_callback<std::remove_pointer_t<MHD_AccessHandlerCallback>, 0> handler(
        [&](MHD_Connection* connection, const char* path, auto...) { return answer(b, connection, path); },
        MHD_NO);
    MHD_Daemon* daemon = gangway::call([&] {
        constexpr unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
        return MHD_start_daemon(flags, port, nullptr, nullptr, handler.fn(), handler.data(), MHD_OPTION_END);
    });
    if (daemon == nullptr) {
        std::fprintf(stderr, "http_server: cannot listen at port %d\n", port);
        return 1;
    }
    const auto* bound = gangway::call<&::MHD_get_daemon_info>(daemon, MHD_DAEMON_INFO_BIND_PORT);
    std::printf("http_server: port %d\n", bound->port);
    std::fflush(stdout);

    gangway::chan<int> stop;
    auto clock = gangway::spawn([&] {
        auto tick = gangway::on_timeout(std::chrono::minutes(1), [&] { b.say("another minute has passed"); });
        while (gangway::select(tick, gangway::on_recv(stop, [](auto) {})) == 0) continue;
    });
    int signal = 0;
    gangway::blocking_call<&::sigwait>(&stop_signals, &signal);

    stop.close();
    b.close();
    // It waits for the server's threads, and they for goroutines: so it must not keep a processor meanwhile.
    gangway::blocking_call<&::MHD_stop_daemon>(daemon);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080);
    // Before any thread starts: they have the mask that there is then, so the signals are left to sigwait.
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
    return gangway::run([&] { return run_server(port, stop_signals); });
}
