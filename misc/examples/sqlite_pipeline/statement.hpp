// SPDX-License-Identifier: BSD-3-Clause
// A prepared statement, to run many times with other values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "connection.hpp"

namespace pipeline {

class statement {
public:
    statement(const connection& db, std::string sql) : db_(db), sql_(std::move(sql)) {
        sqlite3_stmt* prepared = nullptr;
        int code = gangway::call<&::sqlite3_prepare_v2>(db.get(), sql_.c_str(), -1, &prepared, nullptr);
        prepared_.reset(prepared);
        db.expect(code, sql_);
    }

    // Runs it to its end with ?1, ?2, ... = values; rows that it may give are dropped.
    template <class... Value>
    void run(const Value&... values) {
        int at = 0;
        (bind(++at, values), ...);
        rewound after{prepared_.get()};
        int code = SQLITE_ROW;
        while (code == SQLITE_ROW) code = gangway::call<&::sqlite3_step>(prepared_.get());
        db_.expect(code, sql_);
    }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* s) const { gangway::call<&::sqlite3_finalize>(s); }
    };
    // Ready for the next run, and its locks let go, however this one ended.
    struct rewound {
        sqlite3_stmt* s;
        ~rewound() { gangway::call<&::sqlite3_reset>(s); }
    };

    void bind(int at, std::int64_t value) {
        db_.expect(gangway::leaf_call<&::sqlite3_bind_int64>(prepared_.get(), at, value), sql_);
    }
    void bind(int at, std::string_view text) {
        db_.expect(gangway::leaf_call<&::sqlite3_bind_text>(prepared_.get(), at, text.data(),
                                                            static_cast<int>(text.size()), SQLITE_TRANSIENT),
                   sql_);
    }

    const connection& db_;
    std::string sql_;
    std::unique_ptr<sqlite3_stmt, finalizer> prepared_;
};

}  // namespace pipeline
