// SPDX-License-Identifier: BSD-3-Clause
// The same workload with a std::thread per connection, as one writes it without this
// library.
#pragma once

#include <filesystem>

#include "options.hpp"
#include "run_result.hpp"

namespace pipeline {

// On a thread. The payments are left in the database for the caller to add up.
run_result run_with_threads(const options& o, const std::filesystem::path& file);

}  // namespace pipeline
