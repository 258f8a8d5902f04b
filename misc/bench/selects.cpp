// SPDX-License-Identifier: BSD-3-Clause
// select over two channels.
#include <gangway/chan.hpp>
#include <gangway/select.hpp>
#include <gangway/sync.hpp>

#include <cstdint>
#include <optional>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;
using gangway::on_recv;

// One operation is a select of which one case is ready, and the send that makes the other one ready for the next.
void select2(State& state) {
    bench::in_goroutine(state, 1, [&] {
        gangway::chan<std::int64_t> a(1);
        gangway::chan<std::int64_t> b(1);
        a.send(0);
        for (auto _ : state) {
            gangway::select(on_recv(a, [&](std::optional<std::int64_t> n) { b.send(*n + 1); }),
                            on_recv(b, [&](std::optional<std::int64_t> n) { a.send(*n + 1); }));
        }
        const std::int64_t n = a.size() != 0 ? *a.recv() : *b.recv();
        bench::expect(state, n == state.iterations(), "the selects do not add up");
    });
}

// The round trip of chan_pingpong where both sides wait in a select, whose other case is never ready but at the end.
void select2_blocking(State& state) {
    bench::in_goroutine(state, 1, [&] {
        gangway::chan<std::int64_t> there;
        gangway::chan<std::int64_t> back;
        gangway::chan<std::int64_t> over;
        gangway::wait_group echo;
        echo.go([&] {
            bool more = true;
            while (more) {
                gangway::select(on_recv(there, [&](std::optional<std::int64_t> n) { back.send(*n + 1); }),
                                on_recv(over, [&](std::optional<std::int64_t>) { more = false; }));
            }
        });
        std::int64_t n = 0;
        for (auto _ : state) {
            there.send(n);
            gangway::select(on_recv(back, [&](std::optional<std::int64_t> got) { n = *got; }),
                            on_recv(over, [&](std::optional<std::int64_t>) {}));
        }
        over.close();
        echo.wait();
        bench::expect(state, n == state.iterations(), "the round trips do not add up");
    });
}

}  // namespace

void bench::add_selects() {
    add("select2", &select2);
    add("select2_blocking", &select2_blocking);
}
