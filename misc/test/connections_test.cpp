// SPDX-License-Identifier: BSD-3-Clause
// Ten thousand TCP connections at once, a goroutine at each end. The ends are in two processes, as descriptors are
// limited for each: this program is the clients, and with the argument "serve" the server.
//
// The server says on stdout where it listens, then what it has counted whenever a byte comes from stdin, and once more at
// stdin's end, when it has closed its listeners and its connections have ended.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.hpp"

namespace {

using namespace std::chrono_literals;
using gangway::tcp_conn;
using gangway::tcp_listener;

constexpr int wanted = test::sized(10'000, 20);
constexpr int at_least = std::min(wanted, 1000);
constexpr int other_descriptors = 100;
constexpr int dials_at_once =
    64;  // a listener's queue may be as short as 128, and whom it drops is late by a second
// Several addresses: each has all the ephemeral ports for its own connections.
constexpr std::array<const char*, 4> hosts{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"};

gangway::deadline give_up() {
    return std::chrono::steady_clock::now() + (test::under_sanitizer ? 600s : 120s);
}

// How many connections this process has descriptors for, after the limit has been raised as far as is needed and allowed.
int connections_that_fit() {
    constexpr rlim_t needed = wanted + other_descriptors;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = std::min(limit.rlim_max, needed);
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    }
    return std::min(wanted, static_cast<int>(std::min(limit.rlim_cur, needed)) - other_descriptors);
}

// What went wrong in any of the goroutines: how often, and the first.
class failures {
public:
    void add(const std::string& what) {
        std::lock_guard hold(mu_);  // nothing parks under it
        if (n_++ == 0) first_ = what;
    }
    int number() const { return n_; }
    const std::string& first() const { return first_; }

private:
    std::mutex mu_;
    int n_ = 0;
    std::string first_;
};

// --- The server -------------------------------------------------------------------------------------------------------

class server {
public:
    server() {
        for (const char* host : hosts) listeners_.emplace_back(std::string(host) + ":0");
        for (auto& l : listeners_) all_.go([&] { accept_from(l); });
    }
    void end() {
        for (auto& l : listeners_) l.close();
        all_.wait();
    }
    void say_ports() {
        for (auto& l : listeners_) std::printf("%d ", l.port());
        std::puts("");
    }
    void say_counts() const {
        std::printf("%d %d %lld\n", open_.load(), ended_.load(), bytes_.load());
        std::fflush(stdout);
    }
    const failures& failed() const { return failed_; }

private:
    void accept_from(tcp_listener& l) {
        try {
            for (;;) {
                all_.go([this, c = l.accept()]() mutable { echo(c); });
            }
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::bad_file_descriptor) failed_.add(e.what());
        }
    }
    void echo(tcp_conn& c) {
        open_++;
        std::array<std::byte, 64> got{};
        try {
            while (std::size_t n = c.read(got)) {
                bytes_ += static_cast<long long>(n);
                c.write(std::span(got).first(n));
            }
            ended_++;
        } catch (const std::system_error& e) {
            failed_.add(e.what());
        }
        open_--;
    }

    failures failed_;
    std::vector<tcp_listener> listeners_;
    gangway::wait_group all_;
    std::atomic<int> open_{0};
    std::atomic<int> ended_{0};
    std::atomic<long long> bytes_{0};
};

int serve() {
    connections_that_fit();
    return gangway::run(test::with_ps(test::ps()), [] {
        server s;
        s.say_ports();
        s.say_counts();
        for (char byte = 0;;) {
            gangway::wait_fd(STDIN_FILENO, POLLIN);
            if (::read(STDIN_FILENO, &byte, 1) != 1) break;
            s.say_counts();
        }
        s.end();
        s.say_counts();
        if (s.failed().number() == 0) return 0;
        std::fprintf(stderr, "%d failures, the first: %s\n", s.failed().number(), s.failed().first().c_str());
        return 1;
    });
}

// --- The clients ------------------------------------------------------------------------------------------------------

struct counts {
    int open = -1;
    int ended = -1;
    long long bytes = -1;
};

class server_process {
public:
    server_process() {
        std::array<int, 2> in{}, out{};
        if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
            throw std::system_error(errno, std::generic_category(), "pipe2");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
        std::array<char*, 3> argv{const_cast<char*>("connections_test"), const_cast<char*>("serve"), nullptr};
        const int error = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        asks_ = in[1];
        answers_ = ::fdopen(out[0], "r");
        if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn");
        for (int& port : ports_)
            if (std::fscanf(answers_, "%d", &port) != 1) throw std::runtime_error("the server did not start");
        read_counts();
    }
    ~server_process() {
        end();
        std::fclose(answers_);
    }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;

    std::string address(int i) const {
        const auto k = static_cast<std::size_t>(i) % hosts.size();
        return std::string(hosts[k]) + ":" + std::to_string(ports_[k]);
    }
    counts now() {
        if (::write(asks_, "?", 1) != 1) return {};
        return read_counts();
    }
    // Waits for the end of its connections; its exit status.
    int end() {
        if (asks_ < 0) return -1;
        ::close(asks_);
        asks_ = -1;
        last_ = read_counts();
        int status = -1;
        gangway::call<&::waitpid>(pid_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    const counts& at_the_end() const { return last_; }

private:
    counts read_counts() {
        counts c;
        gangway::call([&] {
            if (std::fscanf(answers_, "%d %d %lld", &c.open, &c.ended, &c.bytes) != 3) c = {};
        });
        return c;
    }

    pid_t pid_ = -1;
    int asks_ = -1;
    std::FILE* answers_ = nullptr;
    std::array<int, hosts.size()> ports_{};
    counts last_;
};

// Gives how much that is.
long long send_and_get_back(tcp_conn& c, const std::string& sent) {
    c.write(std::as_bytes(std::span(sent)));
    std::string got(sent.size(), '?');
    for (auto room = std::as_writable_bytes(std::span(got)); !room.empty();) {
        const std::size_t n = c.read(room);
        if (n == 0) throw std::runtime_error("end of the stream instead of \"" + sent + "\"");
        room = room.subspan(n);
    }
    if (got != sent) throw std::runtime_error("\"" + sent + "\" came back as \"" + got + "\"");
    return static_cast<long long>(sent.size());
}

void talk_over_connections(int n) {
    server_process server;
    failures failed;
    std::atomic<long long> bytes{0};
    gangway::semaphore dials(dials_at_once);
    gangway::chan<int> gate;
    gangway::wait_group connected, clients;
    connected.add(n);
    for (int i = 0; i < n; i++) {
        clients.go([&, i] {
            tcp_conn c;
            try {
                std::string first = "first of " + std::to_string(i);
                dials.acquire();
                c = tcp_conn::dial(server.address(i), give_up());
                c.set_deadline(give_up());
                bytes += send_and_get_back(c, first);
            } catch (const std::exception& e) {
                failed.add(e.what());
            }
            dials.release();
            connected.done();
            gate.recv();
            try {
                bytes += send_and_get_back(c, "second of " + std::to_string(i));
            } catch (const std::exception& e) {
                failed.add(e.what());
            }
        });
    }
    connected.wait();
    // Nobody hangs up before the gate is open: both ends of each connection are there now.
    const counts all_open = server.now();
    EXPECT_EQ(n, all_open.open);
    EXPECT_EQ(0, all_open.ended);
    EXPECT_EQ(bytes, all_open.bytes);
    gate.close();
    clients.wait();
    EXPECT_EQ(0, server.end());
    EXPECT_EQ(0, server.at_the_end().open);
    EXPECT_EQ(n, server.at_the_end().ended);
    EXPECT_EQ(bytes, server.at_the_end().bytes);
    EXPECT_EQ(0, failed.number()) << failed.first();
}

GOROUTINE_TEST(tcp, ten_thousand_connections_at_once) {
    const int n = connections_that_fit();
    if (n < at_least) GTEST_SKIP() << "RLIMIT_NOFILE leaves room for " << n << " connections";
    if (n < wanted) std::printf("RLIMIT_NOFILE leaves room for %d connections, not %d\n", n, wanted);
    talk_over_connections(n);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && argv[1] == std::string("serve")) return serve();
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
