// SPDX-License-Identifier: BSD-3-Clause
// A TCP server that sends back what it is sent.
//
//   echo_server [ADDRESS]       127.0.0.1:7007, or such as :0 (any free port) and unix:/tmp/echo
//   nc 127.0.0.1 7007           talks to it
//
// A goroutine for each connection, written as if there were no other: echo() reads and writes, and where it has to wait,
// it parks. Nothing here is a callback or a state machine, and ten thousand connections need no more threads than there
// are CPUs.
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <system_error>

#include <sys/resource.h>

#include <gangway/gangway.hpp>

namespace {

using namespace std::chrono_literals;

void echo(gangway::tcp_conn conn) {
    std::array<std::byte, 4096> bytes;
    try {
        while (const std::size_t n = conn.read(bytes)) conn.write(std::span(bytes).first(n));
    } catch (const std::system_error& e) {
        std::fprintf(stderr, "echo_server: a connection broke: %s\n", e.what());
    }
}

// Until the listener is closed.
void serve(gangway::tcp_listener& listener) {
    for (;;) {
        try {
            gangway::go(echo, listener.accept());
        } catch (const std::system_error& e) {
            if (e.code() == std::errc::bad_file_descriptor) return;
            // Most likely all descriptors are in use. Those who are served go on; when they leave there is room.
            std::fprintf(stderr, "echo_server: %s\n", e.what());
            gangway::sleep_for(100ms);
        }
    }
}

sigset_t stop_signals() {
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGINT);
    sigaddset(&s, SIGTERM);
    return s;
}

void run_server(const std::string& address) {
    gangway::tcp_listener listener(address);
    std::printf("echo_server: %s, port %d\n", address.c_str(), listener.port());
    std::fflush(stdout);

    // sigwait is C that blocks. It holds up this goroutine and a thread, and none of the connections.
    auto stopper = gangway::spawn([&listener] {
        const sigset_t signals = stop_signals();
        int signal = 0;
        gangway::blocking_call<&::sigwait>(&signals, &signal);
        listener.close();  // wakes serve() out of accept(); who is connected goes with the process
    });
    serve(listener);
}

// The usual limit, 1024, is one for programs that use select(2).
void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2) {
        std::fprintf(stderr, "usage: echo_server [ADDRESS]\n");
        return 2;
    }
    allow_many_descriptors();
    // Before the runtime starts: its threads have the mask that there is then, so the signals are left to sigwait.
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
        gangway::run([&] { run_server(argc == 2 ? argv[1] : "127.0.0.1:7007"); });
    } catch (const std::exception& e) {
        std::fprintf(stderr, "echo_server: %s\n", e.what());
        return 1;
    }
}
