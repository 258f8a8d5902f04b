// SPDX-License-Identifier: BSD-3-Clause
// gangway_instructions OPERATION N: makes one operation N times on one p and ends. misc/bench/instructions counts what
// N more of them execute.
#include <gangway/call.hpp>
#include <gangway/callback.hpp>
#include <gangway/chan.hpp>
#include <gangway/runtime.hpp>
#include <gangway/sync.hpp>

#include <charconv>
#include <cstdio>
#include <cstring>

#include "misc/bench/c/bench_c.h"

namespace {

bool call(int n) {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum = gangway::call<&bench_add>(sum, 1);
    return sum == n;
}

int add_one(int n) {
    return n + 1;
}

bool callback(int n) {
    return gangway::call<&bench_call_back>(gangway::exported<&add_one>, n) == long{n} * (n + 1) / 2;
}

// Two goroutines, in turns.
bool yield(int n) {
    int left = n;
    auto yield_on = [&] {
        while (left-- > 0) gangway::gosched();
    };
    gangway::wait_group peer;
    peer.go(yield_on);
    yield_on();
    peer.wait();
    return left < 0;
}

bool pingpong(int n) {
    gangway::chan<int> there;
    gangway::chan<int> back;
    gangway::wait_group echo;
    echo.go([&] {
        for (int got : there) back.send(got + 1);
    });
    int sum = 0;
    for (int i = 0; i < n; ++i) {
        there.send(sum);
        sum = *back.recv();
    }
    there.close();
    echo.wait();
    return sum == n;
}

bool spawn(int n) {
    int ran = 0;
    for (int i = 0; i < n; i += 100) {
        gangway::wait_group all;
        for (int k = 0; k < 100; ++k) all.go([&] { ++ran; });
        all.wait();
    }
    return ran == n;
}

struct operation {
    const char* name;
    bool (*make)(int n);
};
constexpr operation operations[] = {{"call", &call},
                                    {"callback", &callback},
                                    {"switch", &yield},
                                    {"pingpong", &pingpong},
                                    {"spawn", &spawn}};

bool make(const char* name, int n) {
    for (const operation& o : operations) {
        if (std::strcmp(o.name, name) == 0) return o.make(n);
    }
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    int n = 0;
    if (argc != 3 || std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), n).ec != std::errc() || n <= 0) {
        std::fprintf(stderr, "usage: gangway_instructions OPERATION N\n");
        return 2;
    }
    const bool right = gangway::run(gangway::options{.maxprocs = 1}, [&] { return make(argv[1], n); });
    if (!right) std::fprintf(stderr, "gangway_instructions: %s did not give the right result\n", argv[1]);
    return right ? 0 : 1;
}
