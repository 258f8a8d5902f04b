// SPDX-License-Identifier: BSD-3-Clause
#include "progress.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <unistd.h>

#include <gangway/call.hpp>

#include "report.hpp"

namespace pipeline {

progress::progress(std::string title, std::uint64_t expected_rows)
    : title_(std::move(title)), expected_(expected_rows), shown_(isatty(STDOUT_FILENO) == 1) {}

progress::~progress() {
    if (shown_) write("");
}

void progress::write_if_due(std::uint64_t rows) {
    const clock::time_point now = clock::now();
    if (now < due_) return;
    due_ = now + std::chrono::milliseconds(100);
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const auto per_second = static_cast<std::uint64_t>(static_cast<double>(rows) / std::max(seconds, 1e-3));
    write(title_ + ": " + std::to_string(rows * 100 / expected_) + "%, " + grouped(rows) + " rows, " +
          grouped(per_second) + " rows/s");
}

void progress::write(const std::string& line) {
    std::string text = "\r" + line;
    if (line.size() < width_) text.append(width_ - line.size(), ' ');  // what the last one left
    if (line.empty()) text += '\r';
    width_ = line.size();
    // A terminal may be stopped (Ctrl-S): only this goroutine waits for it.
    gangway::call([&] {
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
    });
}

}  // namespace pipeline
