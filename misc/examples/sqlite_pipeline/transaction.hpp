// SPDX-License-Identifier: BSD-3-Clause
// A write transaction that is undone unless it was committed.
#pragma once

#include "connection.hpp"

namespace pipeline {

class transaction {
public:
    // IMMEDIATE: the write lock is taken here, where SQLite asks the busy handler. A
    // transaction that starts as a reader and becomes a writer would get SQLITE_BUSY
    // unasked when another does the same: each would wait for the other.
    explicit transaction(connection& db) : db_(db) { db_.exec("BEGIN IMMEDIATE"); }

    ~transaction() {
        if (!open_) return;
        try {
            db_.exec("ROLLBACK");
        } catch (const sqlite_error&) {
            // SQLite had undone it by itself, as it does when the disk is full.
        }
    }
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;

    void commit() {
        db_.exec("COMMIT");
        open_ = false;
    }

private:
    connection& db_;
    bool open_ = true;
};

}  // namespace pipeline
