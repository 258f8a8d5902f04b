// SPDX-License-Identifier: BSD-3-Clause
// The workload with a goroutine per connection.
#pragma once

#include <filesystem>

#include "options.hpp"
#include "run_result.hpp"

namespace pipeline {

// On a goroutine. The payments are left in the database for the caller to add up.
run_result run_with_goroutines(const options& o, const std::filesystem::path& file);

}  // namespace pipeline
