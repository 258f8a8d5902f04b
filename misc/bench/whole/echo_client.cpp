// SPDX-License-Identifier: BSD-3-Clause
// echo_client PORT CONNECTIONS SECONDS: on each connection one request of 64 bytes after the other, all from one thread,
// for that long. Prints how many were answered in a second, and how long the answers took, as JSON.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using message = std::array<char, 64>;

struct connection {
    int fd = -1;
    std::size_t got = 0;  // of the answer under way
    clock_type::time_point asked;
};

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

void ask(connection& c) {
    const message request{};
    c.got = 0;
    c.asked = clock_type::now();
    if (write(c.fd, request.data(), request.size()) != static_cast<ssize_t>(request.size())) fail("write");
}

// True once the answer is whole.
bool take_answer(connection& c) {
    message answer{};
    const ssize_t n = read(c.fd, answer.data(), answer.size() - c.got);
    if (n <= 0) fail("read");
    c.got += static_cast<std::size_t>(n);
    return c.got == answer.size();
}

void connect_to(int port, int poller, std::vector<connection>& all) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(all[i].fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) fail("connect");
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        if (epoll_ctl(poller, EPOLL_CTL_ADD, all[i].fd, &event) != 0) fail("epoll_ctl");
    }
}

// How long each answer took, in ms.
std::vector<double> exchange(int poller, std::vector<connection>& all, clock_type::time_point end) {
    std::vector<double> ms;
    for (connection& c : all) ask(c);
    std::array<epoll_event, 256> ready{};
    while (clock_type::now() < end) {
        const int n = epoll_wait(poller, ready.data(), static_cast<int>(ready.size()), 100);
        for (const epoll_event& event : std::span(ready).first(static_cast<std::size_t>(std::max(n, 0)))) {
            connection& c = all[event.data.u64];
            if (!take_answer(c)) continue;
            ms.push_back(std::chrono::duration<double, std::milli>(clock_type::now() - c.asked).count());
            ask(c);
        }
    }
    return ms;
}

void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: echo_client PORT CONNECTIONS SECONDS\n");
        return 2;
    }
    allow_many_descriptors();
    const int poller = epoll_create1(EPOLL_CLOEXEC);
    std::vector<connection> all(static_cast<std::size_t>(std::atoi(argv[2])));
    connect_to(std::atoi(argv[1]), poller, all);
    // The first requests find no thread in the server: they are not what is measured.
    exchange(poller, all, clock_type::now() + std::chrono::milliseconds(500));
    for (connection& c : all) {
        while (!take_answer(c)) continue;
    }
    const double seconds = std::atof(argv[3]);
    const auto start = clock_type::now();
    std::vector<double> ms =
        exchange(poller, all,
                 start + std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(seconds)));
    const double took = std::chrono::duration<double>(clock_type::now() - start).count();
    if (ms.empty()) fail("no answer");
    std::sort(ms.begin(), ms.end());
    std::printf("{\"requests/s\": %.0f, \"median, ms\": %.2f, \"p99, ms\": %.2f}\n",
                static_cast<double>(ms.size()) / took, ms[ms.size() / 2], ms[(ms.size() * 99 + 99) / 100 - 1]);
}
