// SPDX-License-Identifier: BSD-3-Clause
// What one run of the workload did.
#pragma once

#include <cstdint>
#include <optional>

#include "workload.hpp"

namespace pipeline {

struct run_result {
    totals read;
    std::uint64_t payments = 0;  // the sum of what the writers left
    std::optional<std::uint64_t> calls;
    std::uint64_t callbacks = 0;
    std::uint64_t busy = 0;  // of the callbacks, those to a busy handler
    int threads = 0;         // at most at once
    double seconds = 0;

    std::uint64_t sum() const { return read.sum + payments; }
};

}  // namespace pipeline
