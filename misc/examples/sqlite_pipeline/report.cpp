// SPDX-License-Identifier: BSD-3-Clause
#include "report.hpp"

#include <cinttypes>
#include <cstdio>

namespace pipeline {

namespace {

void line(const char* what, const std::string& goroutines, const std::string& threads) {
    std::printf("%-22s %18s %18s\n", what, goroutines.c_str(), threads.c_str());
}

std::string per_second(const run_result& r) {
    return grouped(static_cast<std::uint64_t>(static_cast<double>(r.read.rows) / r.seconds));
}

std::string seconds(const run_result& r) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f s", r.seconds);
    return text;
}

std::string hex(std::uint64_t n) {
    char text[32];
    std::snprintf(text, sizeof text, "%016" PRIx64, n);
    return text;
}

}  // namespace

std::string grouped(std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t i = digits.size(); i > 3;) digits.insert(i -= 3, 1, ',');
    return digits;
}

void print_report(const run_result& g, const run_result& t) {
    line("", "goroutines", "threads");
    line("rows", grouped(g.read.rows), grouped(t.read.rows));
    line("rows/s", per_second(g), per_second(t));
    line("calls", g.calls ? grouped(*g.calls) : "-", t.calls ? grouped(*t.calls) : "-");
    line("callbacks", grouped(g.callbacks), grouped(t.callbacks));
    line("  to a busy handler", grouped(g.busy), grouped(t.busy));
    line("threads at most", std::to_string(g.threads), std::to_string(t.threads));
    line("elapsed", seconds(g), seconds(t));
    line("sum", hex(g.sum()), hex(t.sum()));
}

}  // namespace pipeline
