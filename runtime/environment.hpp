// SPDX-License-Identifier: BSD-3-Clause
// GANGWAY_* environment variables: read once, bad values rejected by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace gangway::runtime {

constexpr long long highest_stack_size = 1LL << 36;
constexpr long long highest_max_threads = 1 << 22;  // the kernel's own limit of pids
constexpr long long highest_idle_thread_ms = 1'000'000'000;

constexpr int highest_loop_wait_ms = 1'000'000'000;

struct environment {
    int maxprocs = 0;                    // GANGWAY_MAXPROCS; 0: not set
    std::size_t stack_size = 0;          // GANGWAY_STACK
    int max_threads = 0;                 // GANGWAY_MAXTHREADS
    int idle_thread_ms = -1;             // GANGWAY_IDLE_THREAD_MS; -1: not set
    bool no_membarrier = false;          // GANGWAY_DEBUG=nomembarrier
    bool sigquit = false;                // GANGWAY_DEBUG=sigquit
    bool all_frames = false;             // GANGWAY_DEBUG=allframes
    int loop_wait_ms = 0;                // GANGWAY_DEBUG=loopwait=MS; 0: not set
    std::optional<std::uint64_t> chaos;  // GANGWAY_DEBUG=chaos=SEED
};

// Throws std::invalid_argument that names the variable and its value.
const environment& read_environment();

// Throws std::invalid_argument: "<prefix><name> is V, not in A to B".
[[noreturn]] void throw_out_of_range(const char* prefix, const char* name, long long value, long long lowest,
                                     long long highest);

}  // namespace gangway::runtime
