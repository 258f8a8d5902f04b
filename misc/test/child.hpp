// SPDX-License-Identifier: BSD-3-Clause
// Runs a child program and keeps what it wrote and how it ended.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;

namespace test {

struct ended {
    bool in_time = true;
    int code = -1;    // of exit(), or -1
    int signal = 0;   // that ended it, or 0
    std::string out;  // what it wrote
    std::string err;
};

namespace child_detail {

class pipe_end {
public:
    explicit pipe_end(int fd) : fd_(fd) {}
    ~pipe_end() { close(); }
    pipe_end(const pipe_end&) = delete;
    pipe_end& operator=(const pipe_end&) = delete;
    [[nodiscard]] int fd() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    int fd_;
};

struct pipe_pair {
    pipe_pair() : pipe_pair(make()) {}
    pipe_end read;
    pipe_end write;

private:
    explicit pipe_pair(std::array<int, 2> fds) : read(fds[0]), write(fds[1]) {}
    static std::array<int, 2> make() {
        std::array<int, 2> fds{};
        if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
        return fds;
    }
};

// Reads both until both are at their ends. False at the deadline.
inline bool drain(pipe_pair& out, pipe_pair& err, ended& to, std::chrono::steady_clock::time_point deadline) {
    std::array<pollfd, 2> fds{pollfd{out.read.fd(), POLLIN, 0}, pollfd{err.read.fd(), POLLIN, 0}};
    std::array<std::string*, 2> texts{&to.out, &to.err};
    int open = 2;
    while (open > 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        if (::poll(fds.data(), fds.size(), static_cast<int>(left.count())) <= 0) continue;
        for (std::size_t i = 0; i < fds.size(); i++) {
            if (fds[i].revents == 0) continue;
            char bytes[4096];
            const ssize_t n = ::read(fds[i].fd, bytes, sizeof bytes);
            if (n > 0) {
                texts[i]->append(bytes, static_cast<std::size_t>(n));
            } else {
                fds[i].fd = -1;
                --open;
            }
        }
    }
    return true;
}

}  // namespace child_detail

// Runs `program name` with `environment` ("NAME=value") on top of this process's, for at most `limit`.
inline ended run_child(const char* program, const std::string& name, const std::vector<std::string>& environment,
                       std::chrono::seconds limit) {
    using namespace child_detail;
    pipe_pair out;
    pipe_pair err;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out.write.fd(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.write.fd(), STDERR_FILENO);

    std::vector<char*> env;
    for (const std::string& e : environment) env.push_back(const_cast<char*>(e.c_str()));
    for (char** e = environ; *e != nullptr; e++) {
        const std::string text = *e;
        bool replaced = false;
        for (const std::string& n : environment)
            replaced |= n.substr(0, n.find('=')) == text.substr(0, text.find('='));
        if (!replaced) env.push_back(*e);
    }
    env.push_back(nullptr);
    std::array<char*, 3> argv{const_cast<char*>(program), const_cast<char*>(name.c_str()), nullptr};
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, program, &actions, nullptr, argv.data(), env.data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), program);
    out.write.close();
    err.write.close();

    ended e;
    e.in_time = drain(out, err, e, std::chrono::steady_clock::now() + limit);
    if (!e.in_time) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) == -1 && errno == EINTR) {
    }
    if (WIFEXITED(status)) e.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) e.signal = WTERMSIG(status);
    return e;
}

}  // namespace test
