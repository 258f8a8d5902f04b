// SPDX-License-Identifier: BSD-3-Clause
// SQLite's result codes as exceptions.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace pipeline {

struct sqlite_error : std::runtime_error {
    sqlite_error(int error_code, std::string_view message, std::string_view doing)
        : std::runtime_error(std::string(doing) + ": " + std::string(message) + " (SQLite's code " +
                             std::to_string(error_code) + ")"),
          code(error_code) {}
    int code;
};

// db may be null: sqlite3_open_v2 has none to give when memory is short.
inline void check(int code, sqlite3* db, std::string_view doing) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    throw sqlite_error(code, db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code), doing);
}

}  // namespace pipeline
