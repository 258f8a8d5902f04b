// SPDX-License-Identifier: BSD-3-Clause
// A million goroutines parked at the same time, each on a stack with a guard, and the memory given back when they end.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "runtime/stack.hpp"
#include "runtime/tls.hpp"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

namespace {

using gangway::runtime::page_size;

// A page of stack and its share of a page table, with room for what else runs; what a sanitizer has for each stack.
constexpr int goroutines = test::under_tsan ? 2000 : test::under_asan ? 20'000 : 1'000'000;
constexpr int kept = 5000;  // at least the stacks that are kept for the next goroutines
constexpr std::uint64_t bytes_each = test::under_tsan ? 1 << 20 : test::under_asan ? 50'000 : 7'000;
constexpr std::uint64_t bytes_needed = goroutines * bytes_each;

std::uint64_t resident_bytes() {
    std::uint64_t all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident * page_size;
}

// Of a file of "name: value" lines, or with a single number.
std::uint64_t number_in(const char* file, const std::string& name) {
    std::ifstream in(file);
    std::uint64_t value = 0;
    for (std::string word; name.empty() || in >> word;) {
        if (name.empty() || word == name) {
            in >> value;
            break;
        }
    }
    return value;
}

bool guards_split_no_mapping() {
    void* page = ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool works = ::madvise(page, page_size, MADV_GUARD_INSTALL) == 0;
    ::munmap(page, page_size);
    return works;
}

// Null: a million can be had here.
std::string why_not() {
    const std::uint64_t available = number_in("/proc/meminfo", "MemAvailable:") << 10;
    if (available < bytes_needed)
        return "needs " + std::to_string(bytes_needed >> 20) + " MB of free memory, of which there are " +
               std::to_string(available >> 20);
    if (number_in("/proc/sys/vm/overcommit_memory", "") == 2)
        return "vm.overcommit_memory is 2: address space is counted";
    const std::uint64_t mappings = number_in("/proc/sys/vm/max_map_count", "");
    if (!guards_split_no_mapping() && mappings < 2 * std::uint64_t{goroutines} + 1000)
        return "the kernel has no lightweight guards, and vm.max_map_count is " + std::to_string(mappings);
    return {};
}

// The kernel finds nothing there to read.
bool is_guard(std::uintptr_t at) {
    int ends[2];
    if (::pipe(ends) != 0) return false;
    const bool fault = ::syscall(SYS_write, ends[1], at, 1) == -1 && errno == EFAULT;
    ::close(ends[0]);
    ::close(ends[1]);
    return fault;
}

template <class Predicate>
[[nodiscard]] bool yield_until_all(Predicate done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        gangway::gosched();
    }
    return true;
}

TEST(million, goroutines_are_parked_at_once_and_give_their_stacks_back) {
    if (const std::string reason = why_not(); !reason.empty()) GTEST_SKIP() << reason;
    test::run_and_check(test::with_ps(2), [] {
        using clock = std::chrono::steady_clock;
        const auto start = clock::now();
        const std::uint64_t before = resident_bytes();
        const int others = gangway::num_goroutine();
        gangway::chan<int> c;
        std::atomic<int> started{0}, ended{0};
        constexpr int looked_at = 100;
        std::vector<std::uintptr_t> stacks(looked_at);
        for (int i = 0; i < goroutines; i++) {
            gangway::go([&, i, c]() mutable {
                if (i % (goroutines / looked_at) == 0)
                    stacks[static_cast<std::size_t>(i / (goroutines / looked_at))] =
                        gangway::runtime::getm()->curg->stk.lo;
                ++started;
                EXPECT_FALSE(c.recv().has_value());
                ++ended;
            });
        }
        ASSERT_TRUE(yield_until_all([&] { return started == goroutines; }));
        ASSERT_TRUE(yield_until_all([&] { return test::goroutines_in("chan receive") == goroutines; }));
        const std::uint64_t during = resident_bytes();
        const std::uint64_t stacks_during = gangway::read_mem_stats().stack_resident_bytes;
        EXPECT_EQ(goroutines + others, gangway::num_goroutine());
        EXPECT_GE(during, before + goroutines * page_size * 9 / 10);
        for (const std::uintptr_t lo : stacks) {
            EXPECT_TRUE(is_guard(lo - 1));
            EXPECT_TRUE(is_guard(lo - gangway::runtime::guard_size));
            EXPECT_FALSE(is_guard(lo));
        }
        const auto parked = clock::now();

        c.close();
        ASSERT_TRUE(yield_until_all([&] { return ended == goroutines && gangway::num_goroutine() == others; }));
        const std::uint64_t after = resident_bytes();
        // What is left: the stacks that are kept for the next, and the list of the others. The sanitizers keep more.
        if (!test::under_sanitizer) {
            EXPECT_LT(after, before + (during - before) / 10);
        }
        if (goroutines > kept) {
            EXPECT_LT(gangway::read_mem_stats().stack_resident_bytes, stacks_during / 2);
        }
        const auto over = clock::now();
        std::printf(
            "%d goroutines: %lld MB before, %lld parked, %lld after; %.1f s until all were parked, %.1f s to "
            "end\n",
            goroutines, static_cast<long long>(before >> 20), static_cast<long long>(during >> 20),
            static_cast<long long>(after >> 20), std::chrono::duration<double>(parked - start).count(),
            std::chrono::duration<double>(over - parked).count());
    });
}

}  // namespace
