// SPDX-License-Identifier: BSD-3-Clause
// echo_threads: what echo_gangway does, with a thread for each connection.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "misc/bench/c/bench_c.h"

namespace {

void serve(int client) {
    std::array<char, 64> request{};
    for (ssize_t n = 0; (n = read(client, request.data(), request.size())) > 0;) {
        bench_sleep_us(1000);
        if (write(client, request.data(), static_cast<std::size_t>(n)) != n) break;
    }
    close(client);
}

void accept_all(int listener) {
    for (;;) {
        const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) std::thread(serve, client).detach();
    }
}

}  // namespace

int main() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    socklen_t length = sizeof at;
    if (bind(listener, address, length) != 0 || listen(listener, 4096) != 0 ||
        getsockname(listener, address, &length) != 0) {
        std::perror("echo_threads");
        return 1;
    }
    std::printf("%d\n", ntohs(at.sin_port));
    std::fflush(stdout);
    std::thread(accept_all, listener).detach();
    std::getchar();
    std::_Exit(0);
}
