// SPDX-License-Identifier: BSD-3-Clause
// fib and chain: goroutines, each locked to a thread of its own, hand numbers on and write them through C's stdio.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "../fixture.hpp"

namespace {

// A C FILE that keeps what is written.
class c_stream {
public:
    c_stream() : file_(gangway::call<&::open_memstream>(&text_, &size_)) {}
    ~c_stream() {
        std::fclose(file_);
        std::free(text_);
    }
    c_stream(const c_stream&) = delete;
    c_stream& operator=(const c_stream&) = delete;

    void write_line(std::int64_t n) {
        const std::string line = std::to_string(n) + "\n";
        EXPECT_LE(0, gangway::call<&::fputs>(line.c_str(), file_));
    }
    std::string written() {
        gangway::call<&::fflush>(file_);
        return {text_, size_};
    }

private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* file_;
};

void fibber(c_stream& out, gangway::chan<std::int64_t> c, gangway::chan<std::int64_t> turn, std::int64_t i) {
    gangway::os_thread_lock locked;
    try {
        if (i == 0) c.send(i);
        while (std::optional<std::int64_t> j = c.recv()) {
            out.write_line(*j);
            turn.send(*j);
            turn.recv();
            i += *j;
            c.send(i);
        }
    } catch (const gangway::channel_closed&) {
        // the end of the program
    }
}

GOROUTINE_TEST(stdio, fib) {
    c_stream out;
    gangway::chan<std::int64_t> c;
    gangway::chan<std::int64_t> turn;
    gangway::wait_group fibbers;
    for (std::int64_t i : {0, 1}) fibbers.go([&, i] { fibber(out, c, turn, i); });
    turn.recv();
    for (int i = 0; i < 90; i++) {
        turn.send(1);
        turn.recv();
    }
    c.close();
    turn.close();
    fibbers.wait();

    std::string golden;
    for (std::int64_t n = 0, a = 0, b = 1; n < 91; n++, a = std::exchange(b, a + b))
        golden += std::to_string(a) + "\n";
    EXPECT_EQ(golden, out.written());
    EXPECT_NE(std::string::npos, golden.find("\n2880067194370816120\n"));  // the 90th Fibonacci number
}

constexpr int links = 10;
constexpr int rounds = 5;

void link(c_stream& out, gangway::chan<int> left, gangway::chan<int> right) {
    gangway::os_thread_lock locked;
    for (int v : right) {
        out.write_line(v);
        left.send(1 + v);
    }
    left.close();
}

GOROUTINE_TEST(stdio, chain) {
    c_stream out;
    gangway::chan<int> leftmost;
    gangway::chan<int> right = leftmost;
    gangway::wait_group threads;
    for (int i = 0; i < links; i++) {
        gangway::chan<int> left = right;
        right = gangway::chan<int>();
        threads.go([&out, left, right] { link(out, left, right); });
    }
    std::string golden;
    for (int i = 0; i < rounds; i++) {
        right.send(0);
        std::optional<int> x = leftmost.recv();
        ASSERT_EQ(links, x);
        out.write_line(*x);
        for (int v = 0; v <= links; v++) golden += std::to_string(v) + "\n";
    }
    right.close();
    threads.wait();
    EXPECT_EQ(golden, out.written());
}

}  // namespace
