// SPDX-License-Identifier: BSD-3-Clause
// The table at the end.
#pragma once

#include <cstdint>
#include <string>

#include "run_result.hpp"

namespace pipeline {

// 1234567 as 1,234,567.
std::string grouped(std::uint64_t n);

void print_report(const run_result& goroutines, const run_result& threads);

}  // namespace pipeline
