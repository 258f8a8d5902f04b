// SPDX-License-Identifier: BSD-3-Clause
// SQLite with a goroutine per connection.
//
// A chain of shops keeps its sales in one SQLite file. Sixty-four goroutines, each with a
// connection of its own, go through the sales and value them in cents. Eight more book
// payments to the shops in the same file meanwhile. One goroutine adds up all that the
// readers find.
//
//    read_sales     --sqlite3_exec-->  SQLite --row callback--> rows --> add_up
//      x 64                              |                    (channel)  sum, progress
//                                        | rate(currency)
//                                        v
//                                     exchange
//                                        ^
//                                        | rate(currency)
//      x 8                               |
//    book_payments  --sqlite3_step-->  SQLite --busy handler--> waits until the file is free
//
// SQLite calls back into this program in three places, and each of the three waits for
// other goroutines, in the middle of C. That is what the library is for:
//
//   - for each row of a result: the row goes into a channel, and when that is full the
//     goroutine parks there, inside sqlite3_exec, until add_up has made room;
//   - for the SQL function rate(): it asks the exchange, a goroutine, over a channel and
//     parks until the answer comes;
//   - when the file is locked: the busy handler parks until whoever has the lock says
//     that it is gone.
//
// None of them holds up the rest: a goroutine that parks gives its processor to the next
// one. Its thread it keeps, as SQLite's frames are on that thread's stack. So "threads at
// most" goes up to about one per connection, as it does with threads. What is saved is
// switching: only as many of them run at a time as there are processors.
//
// The same work is then done with one std::thread per connection, a mutex and condition
// variables. Both give a sum of all rows and all payments that does not depend on any
// order, and the two must be equal.
//
// Where to start reading: connection.hpp wraps the C library. with_goroutines.cpp is the
// work, with_threads.cpp is the same work without goroutines. exchange.hpp is a SQL
// function that is goroutine code. file_lock.hpp and waiting_room.hpp are the busy
// handler.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <gangway/runtime.hpp>

#include "connection.hpp"
#include "database_file.hpp"
#include "options.hpp"
#include "report.hpp"
#include "run_result.hpp"
#include "with_goroutines.hpp"
#include "with_threads.hpp"
#include "workload.hpp"

namespace {

using namespace pipeline;

void make_database(const options& o, const database_file& file) {
    gangway::run([&] {
        connection db(file.path());
        fill(db, o);
    });
}

std::uint64_t payments_in(const database_file& file) {
    return gangway::run([&] {
        connection db(file.path());
        return sum_of_payments(db);
    });
}

void forget_payments_in(const database_file& file) {
    gangway::run([&] {
        connection db(file.path());
        forget_payments(db);
    });
}

bool compare(const options& o) {
    database_file file(o);
    std::printf("readers: %d, writers: %d, sales: %s, in %s\n", o.connections, o.writers,
                grouped(static_cast<std::uint64_t>(o.rows)).c_str(), file.path().c_str());
    std::fflush(stdout);
    make_database(o, file);
    run_result goroutines = gangway::run([&] { return run_with_goroutines(o, file.path()); });
    goroutines.payments = payments_in(file);
    forget_payments_in(file);
    run_result threads = run_with_threads(o, file.path());
    threads.payments = payments_in(file);

    print_report(goroutines, threads);
    if (o.keep) std::printf("The database is kept in %s\n", file.path().c_str());
    const bool all_rows = goroutines.read.rows == rows_of_all_readers(o);
    const bool equal = goroutines.sum() == threads.sum();
    if (!all_rows) {
        std::printf("ERROR: %s rows should have been read\n", grouped(rows_of_all_readers(o)).c_str());
    }
    std::printf(equal ? "The sums are equal.\n" : "ERROR: the sums differ.\n");
    return equal && all_rows;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const options o = parse_options(argc, argv);
        if (o.help) {
            std::fputs(usage, stdout);
            return 0;
        }
        return compare(o) ? 0 : 1;
    } catch (const usage_error& e) {
        std::fprintf(stderr, "sqlite_pipeline: %s (--help shows the options)\n", e.what());
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "sqlite_pipeline: %s\n", e.what());
        return 1;
    }
}
