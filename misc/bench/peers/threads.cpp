// SPDX-License-Identifier: BSD-3-Clause
// The operations of gangway_bench done with what C++ has: a std::thread in place of each goroutine, mutexes and condition
// variables in place of channels, sockets that block. Under the same names.
#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "misc/bench/c/bench_c.h"
#include "misc/bench/process_memory.hpp"
#include "misc/bench/run_benchmarks.hpp"

namespace {

using namespace std::chrono_literals;
using benchmark::State;

// A channel of threads. One of capacity 1 stands for an unbuffered one: its sender goes on at once, which is less than
// a rendezvous asks for.
class queue {
public:
    explicit queue(std::size_t capacity) : capacity_(capacity) {}

    void send(std::int64_t n) {
        std::unique_lock hold(lock_);
        not_full_.wait(hold, [&] { return items_.size() < capacity_; });
        items_.push_back(n);
        not_empty_.notify_one();
    }
    std::optional<std::int64_t> recv() {
        std::unique_lock hold(lock_);
        not_empty_.wait(hold, [&] { return !items_.empty() || closed_; });
        if (items_.empty()) return std::nullopt;
        const std::int64_t n = items_.front();
        items_.pop_front();
        not_full_.notify_one();
        return n;
    }
    void close() {
        const std::lock_guard hold(lock_);
        closed_ = true;
        not_empty_.notify_all();
    }

private:
    std::size_t capacity_;
    std::mutex lock_;
    std::condition_variable not_full_;
    std::condition_variable not_empty_;
    std::deque<std::int64_t> items_;
    bool closed_ = false;
};

// Two threads on one CPU, as the goroutines are on one p.
void switch_gosched(State& state) {
    cpu_set_t all;
    cpu_set_t one;
    sched_getaffinity(0, sizeof all, &all);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    std::atomic<std::int64_t> left{0};
    std::atomic<bool> started{false};
    auto yield_on = [&] {
        while (left.fetch_sub(1, std::memory_order_relaxed) > 0) std::this_thread::yield();
    };
    std::thread peer([&] {
        while (!started) std::this_thread::yield();
        yield_on();
    });
    while (state.KeepRunningBatch(bench::operations(state))) {
        left = bench::operations(state);
        started = true;
        yield_on();
    }
    started = true;
    peer.join();
    sched_setaffinity(0, sizeof all, &all);
}

void spawn_join(State& state) {
    std::int64_t ran = 0;
    for (auto _ : state) std::thread([&] { ++ran; }).join();
    bench::expect(state, ran == state.iterations(), "not every thread ran");
}

void chan_pingpong(State& state) {
    queue there(1);
    queue back(1);
    std::thread echo([&] {
        while (auto n = there.recv()) back.send(*n + 1);
    });
    std::int64_t n = 0;
    for (auto _ : state) {
        there.send(n);
        n = *back.recv();
    }
    there.close();
    echo.join();
    bench::expect(state, n == state.iterations(), "the round trips do not add up");
}

void chan_buffered(State& state) {
    const std::int64_t items = bench::operations(state);
    queue slots(128);
    std::thread producer([&] {
        for (std::int64_t i = 0; i < items; ++i) slots.send(i);
    });
    std::int64_t sum = 0;
    for (auto _ : state) sum += *slots.recv();
    producer.join();
    bench::expect(state, sum == items * (items - 1) / 2, "the items do not add up");
}

void lock_and_unlock(std::mutex& mu, std::int64_t& n, std::int64_t pairs) {
    for (std::int64_t k = 0; k < pairs; ++k) {
        const std::lock_guard hold(mu);
        benchmark::DoNotOptimize(++n);
    }
}

// Another thread is there: in a process that never had one, glibc's mutex does without locked instructions.
void mutex_uncontended(State& state) {
    queue over(1);
    std::thread other([&] { over.recv(); });
    std::mutex mu;
    std::int64_t n = 0;
    while (state.KeepRunningBatch(bench::operations(state))) lock_and_unlock(mu, n, bench::operations(state));
    over.close();
    other.join();
    bench::expect(state, n == state.iterations(), "the pairs do not add up");
}

void mutex_contended8(State& state) {
    constexpr int threads = 8;
    const std::int64_t pairs = bench::operations(state);
    std::mutex mu;
    std::int64_t n = 0;
    while (state.KeepRunningBatch(pairs)) {
        std::vector<std::thread> all;
        all.reserve(threads);
        for (int i = 0; i < threads; ++i) {
            const std::int64_t share = pairs * (i + 1) / threads - pairs * i / threads;
            all.emplace_back([&mu, &n, share] { lock_and_unlock(mu, n, share); });
        }
        for (std::thread& t : all) t.join();
    }
    bench::expect(state, n == pairs, "the pairs do not add up");
}

void sleep_100us(State& state) {
    for (auto _ : state) std::this_thread::sleep_for(100us);
}

// A thread that sleeps until each tick is due, beside threads that do keep_busy(done).
template <class F>
void tick_lateness(State& state, int threads, F keep_busy) {
    using clock = std::chrono::steady_clock;
    std::atomic<bool> done{false};
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) others.emplace_back([&] { keep_busy(done); });
    std::vector<double> us;
    auto due = clock::now();
    for (auto _ : state) {
        due += 1ms;
        std::this_thread::sleep_until(due);
        const auto now = clock::now();
        us.push_back(std::chrono::duration<double, std::micro>(now - due).count());
        while (due + 1ms <= now) due += 1ms;
    }
    done = true;
    for (std::thread& t : others) t.join();
    std::sort(us.begin(), us.end());
    state.counters["p99_us"] = us[(us.size() * 99 + 99) / 100 - 1];
}

void tick_lateness_idle(State& state) {
    tick_lateness(state, 0, [](std::atomic<bool>&) {});
}
void tick_lateness_blocking(State& state) {
    tick_lateness(state, 4, [](std::atomic<bool>& done) {
        while (!done) bench_sleep_us(100'000);
    });
}
void tick_lateness_spinning(State& state) {
    tick_lateness(state, 2, [](std::atomic<bool>& done) {
        while (!done) continue;
    });
}

using message = std::array<char, 64>;

bool read_whole(int fd, message& m) {
    for (std::size_t got = 0; got < m.size();) {
        const ssize_t n = read(fd, m.data() + got, m.size() - got);
        if (n <= 0) return false;
        got += static_cast<std::size_t>(n);
    }
    return true;
}

bool write_whole(int fd, const message& m) {
    return write(fd, m.data(), m.size()) == static_cast<ssize_t>(m.size());
}

void echo(int fd) {
    for (message m{}; read_whole(fd, m) && write_whole(fd, m);) continue;
    close(fd);
}

bool round_trips(int fd, std::int64_t n) {
    message got{};
    for (std::int64_t k = 0; k < n; ++k) {
        message sent{};
        sent.fill(static_cast<char>(k));
        if (!write_whole(fd, sent) || !read_whole(fd, got) || got != sent) return false;
    }
    return true;
}

// A thread for each end of each connection.
void tcp_echo(State& state, int connections) {
    const std::int64_t trips = bench::operations(state);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    socklen_t length = sizeof at;
    bool right = bind(listener, address, length) == 0 && listen(listener, connections) == 0 &&
                 getsockname(listener, address, &length) == 0;
    std::vector<std::thread> server;
    std::vector<int> clients;
    for (int i = 0; right && i < connections; ++i) {
        clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        right = connect(clients.back(), address, length) == 0;
        server.emplace_back(&echo, accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    }
    close(listener);
    std::atomic<int> failed{right ? 0 : 1};
    while (state.KeepRunningBatch(trips)) {
        std::vector<std::thread> all;
        for (int i = 0; right && i < connections; ++i) {
            const std::int64_t share = trips * (i + 1) / connections - trips * i / connections;
            all.emplace_back([&failed, share, fd = clients[static_cast<std::size_t>(i)]] {
                if (!round_trips(fd, share)) ++failed;
            });
        }
        for (std::thread& t : all) t.join();
    }
    for (const int fd : clients) close(fd);
    for (std::thread& t : server) t.join();
    bench::expect(state, failed == 0, "an echo is not what was sent");
}

// The C function of scale_calls_ps, called directly by that many threads: what the machine's CPUs allow.
void calls_of_threads(State& state, int threads) {
    const std::int64_t all = bench::operations(state);
    std::atomic<std::int64_t> sum{0};
    while (state.KeepRunningBatch(all)) {
        std::vector<std::thread> callers;
        for (int i = 0; i < threads; ++i) {
            callers.emplace_back([&, share = all * (i + 1) / threads - all * i / threads] {
                int n = 0;
                while (n < share) n = bench_add(n, 1);
                sum += n;
            });
        }
        for (std::thread& t : callers) t.join();
    }
    bench::expect(state, sum == all, "the calls do not add up");
}

// What a parked thread keeps in memory.
void memory(State& state, int threads) {
    bench::resident before;
    bench::resident parked;
    while (state.KeepRunningBatch(threads)) {
        queue gate(1);
        std::atomic<int> arrived{0};
        std::vector<std::thread> all;
        all.reserve(static_cast<std::size_t>(threads));
        before = bench::resident_now();
        for (int i = 0; i < threads; ++i) {
            all.emplace_back([&] {
                ++arrived;
                gate.recv();
            });
        }
        while (arrived < threads) std::this_thread::yield();
        parked = bench::resident_now();
        gate.close();
        for (std::thread& t : all) t.join();
    }
    bench::expect(state, before.rss_bytes > 0, "no VmRSS in /proc/self/status");
    state.counters["bytes"] = (parked.rss_bytes - before.rss_bytes) / threads;
}

void tcp_echo_1(State& state) {
    tcp_echo(state, 1);
}
void tcp_echo_100(State& state) {
    tcp_echo(state, 100);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_benchmarks(argc, argv, [] {
        bench::add("switch_gosched", &switch_gosched);
        bench::add("spawn_join", &spawn_join);
        bench::add("chan_pingpong", &chan_pingpong);
        bench::add("chan_buffered", &chan_buffered);
        bench::add("mutex_uncontended", &mutex_uncontended);
        bench::add("mutex_contended8", &mutex_contended8);
        bench::add("sleep_100us", &sleep_100us)->Unit(benchmark::kMicrosecond);
        bench::add("tick_lateness_idle", &tick_lateness_idle)->Unit(benchmark::kMicrosecond)->Iterations(1000);
        bench::add("tick_lateness_blocking", &tick_lateness_blocking)
            ->Unit(benchmark::kMicrosecond)
            ->Iterations(1000);
        bench::add("tick_lateness_spinning", &tick_lateness_spinning)
            ->Unit(benchmark::kMicrosecond)
            ->Iterations(300);
        bench::add("tcp_echo_1", &tcp_echo_1);
        bench::add("tcp_echo_100", &tcp_echo_100);
        constexpr int calls = 100'000'000;  // so many that making the threads is not what is measured
        for (int n : {1, 2, 4, 8}) {
            bench::add("scale_calls_ps/" + std::to_string(n), [n](State& s) {
                calls_of_threads(s, n);
            })->Iterations(calls);
        }
        for (int n : {100, 1'000}) {
            bench::add("scale_memory/" + std::to_string(n), [n](State& s) { memory(s, n); })->Iterations(1);
        }
    });
}
