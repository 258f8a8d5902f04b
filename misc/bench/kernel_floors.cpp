// SPDX-License-Identifier: BSD-3-Clause
// What the kernel takes for the parts that the other benchmarks are made of, measured in the same run. None of it
// touches Gangway.
#include <arpa/inet.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

void floor_syscall(State& state) {
    long last = 0;
    for (auto _ : state) last = bench_system_call();
    bench::expect(state, last >= 0, "the system call failed");
}

using futex_word = std::atomic<std::uint32_t>;

void futex_set(futex_word& word, std::uint32_t value) {
    word.store(value, std::memory_order_release);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

// Sleeps for as long as the word has the value `old`.
void futex_await_change(futex_word& word, std::uint32_t old) {
    while (word.load(std::memory_order_acquire) == old) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
    }
}

// A thread that answers: it sleeps until there is a message and wakes who sends it. Nobody spins.
class futex_echo {
public:
    futex_echo() = default;
    ~futex_echo() {
        futex_set(there_, end);
        echo_.join();
    }
    futex_echo(const futex_echo&) = delete;
    futex_echo& operator=(const futex_echo&) = delete;

    void round_trip() {
        futex_set(there_, n_ + 1);
        futex_await_change(back_, n_);
        ++n_;
    }
    std::uint32_t round_trips() const { return n_; }

private:
    static constexpr std::uint32_t end = ~std::uint32_t{0};

    void answer() {
        std::uint32_t n = 0;
        do {
            futex_await_change(there_, n);
            n = there_.load(std::memory_order_acquire);
            futex_set(back_, n);
        } while (n != end);
    }

    futex_word there_{0};
    futex_word back_{0};
    std::uint32_t n_ = 0;
    std::thread echo_{[this] { answer(); }};
};

// One operation wakes another thread and is woken by it.
void floor_futex_roundtrip(State& state) {
    futex_echo echo;
    for (auto _ : state) echo.round_trip();
    bench::expect(state, echo.round_trips() == state.iterations(), "the round trips do not add up");
}

// The same 100 us after the last one, in which the caller keeps its CPU busy and the other CPU has gone idle.
void floor_futex_roundtrip_asleep(State& state) {
    futex_echo echo;
    for (auto _ : state) bench::timed_after_a_while(state, [&] { echo.round_trip(); });
    bench::expect(state, echo.round_trips() == state.iterations(), "the round trips do not add up");
}

void floor_thread_create_join(State& state) {
    std::int64_t ran = 0;
    for (auto _ : state) std::thread([&] { ++ran; }).join();
    bench::expect(state, ran == state.iterations(), "not every thread ran");
}

cpu_set_t only(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    return set;
}

// A word that two threads write in turns, on a core each; nobody sleeps.
void floor_cache_line_roundtrip(State& state) {
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    if (CPU_COUNT(&all) < 2) {
        for (auto _ : state) continue;
        state.SetLabel("skipped: only one CPU");
        return;
    }
    const int here = sched_getcpu();
    cpu_set_t one = only(here);
    cpu_set_t others = all;
    CPU_CLR(static_cast<unsigned>(here), &others);
    sched_setaffinity(0, sizeof one, &one);
    constexpr std::uint32_t end = ~std::uint32_t{0};
    alignas(64) std::atomic<std::uint32_t> there{0};
    alignas(64) std::atomic<std::uint32_t> back{0};
    std::thread echo([&] {
        sched_setaffinity(0, sizeof others, &others);
        for (std::uint32_t n = 0; n != end;) {
            n = there.load(std::memory_order_acquire);
            back.store(n, std::memory_order_release);
        }
    });
    std::uint32_t n = 0;
    for (auto _ : state) {
        there.store(++n, std::memory_order_release);
        while (back.load(std::memory_order_acquire) != n) continue;
    }
    there.store(end, std::memory_order_release);
    echo.join();
    sched_setaffinity(0, sizeof all, &all);
    bench::expect(state, n == state.iterations(), "the round trips do not add up");
}

// What stops every thread of the process for a moment.
void floor_membarrier(State& state) {
    bench::expect(state, syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0,
                  "no membarrier");
    long failed = 0;
    for (auto _ : state) failed |= syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    bench::expect(state, failed == 0, "membarrier failed");
}

void floor_sleep_100us(State& state) {
    int failed = 0;
    for (auto _ : state) failed |= bench_sleep_us(100);
    bench::expect(state, failed == 0, "usleep failed");
}

class loopback_pair {
public:
    loopback_pair() {
        const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* address = reinterpret_cast<sockaddr*>(&at);
        socklen_t length = sizeof at;
        made_ = bind(listener, address, length) == 0 && listen(listener, 1) == 0 &&
                getsockname(listener, address, &length) == 0;
        client_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        made_ = made_ && connect(client_, address, length) == 0;
        server_ = made_ ? accept4(listener, nullptr, nullptr, SOCK_CLOEXEC) : -1;
        made_ = server_ >= 0;
        close(listener);
    }
    ~loopback_pair() {
        close(client_);
        close(server_);
    }
    loopback_pair(const loopback_pair&) = delete;
    loopback_pair& operator=(const loopback_pair&) = delete;

    bool made() const { return made_; }
    int client() const { return client_; }
    int server() const { return server_; }

private:
    bool made_ = false;
    int client_ = -1;
    int server_ = -1;
};

// The system calls of a round trip of 64 bytes, one after the other on one thread, which never has to wait.
void floor_tcp_roundtrip(State& state) {
    const loopback_pair pair;
    std::array<char, 64> message{};
    bool right = pair.made();
    auto carry = [&](int from, int to) {
        const auto size = static_cast<ssize_t>(message.size());
        right &= write(from, message.data(), message.size()) == size &&
                 read(to, message.data(), message.size()) == size;
    };
    for (auto _ : state) {
        if (!right) break;
        carry(pair.client(), pair.server());
        carry(pair.server(), pair.client());
    }
    bench::expect(state, right, "a message was lost");
}

// A page of memory that somebody has written to: less than this no goroutine with a stack of its own can keep.
void floor_page(State& state) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    std::size_t resident = 0;
    for (auto _ : state) {
        void* p = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) break;
        *static_cast<volatile char*>(p) = 1;
        unsigned char there = 0;
        resident += mincore(p, page, &there) == 0 && (there & 1) != 0 ? page : 0;
        munmap(p, page);
    }
    state.counters["bytes"] = static_cast<double>(resident) / static_cast<double>(state.iterations());
}

}  // namespace

void bench::add_kernel_floors() {
    add("floor_syscall", &floor_syscall);
    add("floor_futex_roundtrip", &floor_futex_roundtrip);
    add_timed_by_itself("floor_futex_roundtrip_asleep", &floor_futex_roundtrip_asleep);
    add("floor_thread_create_join", &floor_thread_create_join);
    add("floor_cache_line_roundtrip", &floor_cache_line_roundtrip);
    add("floor_membarrier", &floor_membarrier);
    add("floor_sleep_100us", &floor_sleep_100us)->Unit(benchmark::kMicrosecond);
    add("floor_tcp_roundtrip", &floor_tcp_roundtrip);
    add("floor_page", &floor_page);
}
