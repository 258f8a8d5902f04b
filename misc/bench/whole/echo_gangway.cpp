// SPDX-License-Identifier: BSD-3-Clause
// echo_gangway [call]: a goroutine for each connection. Each request of 64 bytes makes a C call that blocks for a
// millisecond, and comes back. Prints its port, and serves until stdin ends. The call is a blocking_call, as its author
// knows that it blocks; with the argument it is a call, of which the runtime has to find that out.
#include <gangway/call.hpp>
#include <gangway/poll.hpp>
#include <gangway/runtime.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <system_error>
#include <utility>

#include "misc/bench/c/bench_c.h"

namespace {

bool known_to_block = true;

int block() {
    constexpr unsigned us = 1000;
    return known_to_block ? gangway::blocking_call<&bench_sleep_us>(us) : gangway::call<&bench_sleep_us>(us);
}

void serve(gangway::tcp_conn client) {
    std::array<std::byte, 64> request{};
    try {
        while (const std::size_t n = client.read(request)) {
            block();
            client.write(std::span(request).first(n));
        }
    } catch (const std::system_error&) {
        // The client has gone.
    }
}

}  // namespace

int main(int argc, char**) {
    known_to_block = argc == 1;
    gangway::run(gangway::options{.maxprocs = 2}, [] {
        gangway::tcp_listener listener("127.0.0.1:0");
        std::printf("%d\n", listener.port());
        std::fflush(stdout);
        gangway::go([&listener] {
            for (;;) gangway::go(serve, listener.accept());
        });
        gangway::blocking_call<&::getchar>();
        std::_Exit(0);
    });
}
