// SPDX-License-Identifier: BSD-3-Clause
// The command line.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace pipeline {

struct options {
    int connections = 64;      // that read, each in a goroutine or a thread of its own
    int queries = 20;          // that each of them runs
    int writers = 8;           // connections more, which book as many payments each as a reader runs queries
    int rows = 40'000;         // in the table of sales; a query reads a fortieth of them
    std::filesystem::path db;  // where to make the database; empty: in a directory of its own, for temporary files
    bool keep = false;         // the database, at the end
    bool help = false;
};

// what() names the option and the value.
struct usage_error : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

extern const char usage[];

options parse_options(int argc, char** argv);

}  // namespace pipeline
