// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"

#include <charconv>
#include <string>
#include <string_view>

namespace pipeline {

const char usage[] =
    "usage: sqlite_pipeline [options]\n"
    "  --connections N  connections that read, a goroutine each (64)\n"
    "  --queries N      queries that each of them runs, and payments that each writer books (20)\n"
    "  --writers N      connections that write (8)\n"
    "  --rows N         rows to fill the database with (40000)\n"
    "  --db PATH        a new file for the database (default: one in a temporary directory)\n"
    "  --keep           keep the database at the end\n"
    "  --help           show this\n";

namespace {

int number(std::string_view option, std::string_view value, int least, int most) {
    int n = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
    if (error != std::errc() || end != value.data() + value.size() || n < least || n > most) {
        throw usage_error(std::string(option) + ": \"" + std::string(value) + "\" is not a whole number from " +
                          std::to_string(least) + " to " + std::to_string(most));
    }
    return n;
}

}  // namespace

options parse_options(int argc, char** argv) {
    options o;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        auto value = [&]() -> std::string_view {
            if (i + 1 == argc) throw usage_error(std::string(option) + ": needs a value");
            return argv[++i];
        };
        if (option == "--connections") {
            o.connections = number(option, value(), 1, 4'000);
        } else if (option == "--queries") {
            o.queries = number(option, value(), 1, 1'000'000);
        } else if (option == "--writers") {
            o.writers = number(option, value(), 0, 1'000);
        } else if (option == "--rows") {
            o.rows = number(option, value(), 1, 100'000'000);
        } else if (option == "--db") {
            o.db = value();
            if (o.db.empty()) throw usage_error("--db: \"\" is not the name of a file");
        } else if (option == "--keep") {
            o.keep = true;
        } else if (option == "--help") {
            o.help = true;
        } else {
            throw usage_error("\"" + std::string(option) + "\" is not an option");
        }
    }
    return o;
}

}  // namespace pipeline
