// SPDX-License-Identifier: BSD-3-Clause
// Round trips of a short message over TCP on loopback, server and clients in this process. The time is the wall time
// of all of them, divided by the round trips; items_per_second is how many there were in a second.
#include <gangway/poll.hpp>
#include <gangway/sync.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

using message = std::array<std::byte, 64>;

void echo(gangway::tcp_conn& c) {
    message m{};
    while (const std::size_t n = c.read(m)) c.write(std::span(m).first(n));
}

// False: what came back is not what was sent.
bool round_trip(gangway::tcp_conn& c, std::int64_t k) {
    message sent{};
    sent.fill(static_cast<std::byte>(k));
    c.write(sent);
    message got{};
    for (std::span<std::byte> room = got; !room.empty();) {
        const std::size_t n = c.read(room);
        if (n == 0) return false;
        room = room.subspan(n);
    }
    return got == sent;
}

void tcp_echo(State& state, int connections) {
    bench::in_goroutine(state, 2, [&] {
        const std::int64_t trips = bench::operations(state);
        gangway::tcp_listener listener("127.0.0.1:0");
        const std::string address = "127.0.0.1:" + std::to_string(listener.port());
        gangway::wait_group server;
        std::vector<gangway::tcp_conn> clients;
        for (int i = 0; i < connections; ++i) {
            clients.push_back(gangway::tcp_conn::dial(address));
            server.go([c = listener.accept()]() mutable { echo(c); });
        }
        std::vector<std::int64_t> lost(clients.size());
        while (state.KeepRunningBatch(trips)) {
            gangway::wait_group all;
            for (int i = 0; i < connections; ++i) {
                const std::int64_t share = trips * (i + 1) / connections - trips * i / connections;
                all.go(
                    [&c = clients[static_cast<std::size_t>(i)], &none = lost[static_cast<std::size_t>(i)], share] {
                        for (std::int64_t k = 0; k < share; ++k) none += round_trip(c, k) ? 0 : 1;
                    });
            }
            all.wait();
        }
        clients.clear();
        server.wait();
        for (const std::int64_t n : lost) bench::expect(state, n == 0, "an echo is not what was sent");
    });
    state.SetItemsProcessed(state.iterations());
}

void tcp_echo_1(State& state) {
    tcp_echo(state, 1);
}
void tcp_echo_100(State& state) {
    tcp_echo(state, 100);
}

}  // namespace

void bench::add_sockets() {
    add("tcp_echo_1", &tcp_echo_1);
    add("tcp_echo_100", &tcp_echo_100);
}
