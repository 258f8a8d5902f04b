// SPDX-License-Identifier: BSD-3-Clause
// A line on the terminal that tells how far a run is. Nothing where the output is no
// terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pipeline {

class progress {
public:
    progress(std::string title, std::uint64_t expected_rows);
    ~progress();  // wipes the line
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    // Call it as often as you like: it looks at the clock now and then, and writes ten
    // times a second.
    void at(std::uint64_t rows) {
        if (shown_ && rows % 256 == 0) write_if_due(rows);
    }

private:
    void write_if_due(std::uint64_t rows);
    void write(const std::string& line);

    using clock = std::chrono::steady_clock;

    std::string title_;
    std::uint64_t expected_;
    bool shown_;
    clock::time_point start_ = clock::now();
    clock::time_point due_ = start_;
    std::size_t width_ = 0;
};

}  // namespace pipeline
