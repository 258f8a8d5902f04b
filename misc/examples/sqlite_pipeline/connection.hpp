// SPDX-License-Identifier: BSD-3-Clause
// How to wrap a C library: a SQLite connection for goroutines.
//
// Three rules make the wrapper.
//
//  1. What may wait, or may call back, goes through gangway::call. It runs on the
//     thread's own big stack, and when it blocks, other goroutines go on. Here: all that
//     touches the file.
//  2. What is short, and does neither, goes through gangway::leaf_call: a big stack too,
//     and nothing else. Here: binding a value, asking for a message.
//  3. A C function pointer made by exported<> or userdata_callback<> brings C's call back
//     to the goroutine that it came from. There it is plain goroutine code: it may park
//     on a channel or a lock with SQLite's frames below it, and what it throws comes out
//     of gangway::call, once SQLite has returned.
//
// The rest is RAII as for any C library. Nothing here is a lock: a connection belongs to
// one goroutine at a time (SQLITE_OPEN_NOMUTEX), as it would to one thread. Goroutines
// change threads between two calls, never inside one, and that is all SQLite asks for.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <sqlite3.h>

#include <gangway/call.hpp>
#include <gangway/callback.hpp>

#include "sqlite_error.hpp"

namespace pipeline {

class connection {
public:
    using sql_function = void (*)(sqlite3_context*, int, sqlite3_value**);

    explicit connection(const std::filesystem::path& file) {
        constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        sqlite3* db = nullptr;
        int code = gangway::call<&::sqlite3_open_v2>(file.c_str(), &db, flags, nullptr);
        db_.reset(db);  // a failed open leaves a handle too
        expect(code, "opening " + file.string());
    }

    void exec(const std::string& sql) {
        expect(gangway::call<&::sqlite3_exec>(get(), sql.c_str(), nullptr, nullptr, nullptr), sql);
    }

    // on_row(std::span<char*>) for each row of the result. It may park, and what it
    // throws comes out of exec: SQLite gets a 1, which ends the query.
    template <class OnRow>
    void exec(const std::string& sql, OnRow on_row) {
        gangway::userdata_callback<int(void*, int, char**, char**), 0> row(
            [&on_row](int columns, char** values, char**) {
                on_row(std::span(values, static_cast<std::size_t>(columns)));
                return 0;
            },
            /*on_error=*/1);
        expect(gangway::call<&::sqlite3_exec>(get(), sql.c_str(), row.fn(), row.data(), nullptr), sql);
    }

    // Adds a function to this connection's SQL. code: gangway::exported<&f>, whose f
    // finds data by sqlite3_user_data.
    void define(const char* name, int arguments, sql_function code, void* data) {
        expect(gangway::call<&::sqlite3_create_function_v2>(get(), name, arguments, SQLITE_UTF8, data, code,
                                                            nullptr, nullptr, nullptr),
               name);
    }

    // wait(times): called when the file is locked by somebody else; true to try again. An
    // exception gives up.
    template <class Wait>
    void on_busy(Wait wait) {
        busy_.emplace([wait = std::move(wait)](int times) mutable { return wait(times) ? 1 : 0; });
        expect(gangway::call<&::sqlite3_busy_handler>(get(), busy_->fn(), busy_->data()),
               "setting the busy handler");
    }

    sqlite3* get() const { return db_.get(); }

    void expect(int code, std::string_view doing) const {
        gangway::leaf_call([&] { check(code, get(), doing); });
    }

private:
    struct closer {
        void operator()(sqlite3* db) const { gangway::call<&::sqlite3_close_v2>(db); }
    };

    std::optional<gangway::userdata_callback<int(void*, int), 0>> busy_;  // outlives db_, which points to it
    std::unique_ptr<sqlite3, closer> db_;
};

}  // namespace pipeline
