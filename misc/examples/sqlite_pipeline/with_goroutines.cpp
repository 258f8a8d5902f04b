// SPDX-License-Identifier: BSD-3-Clause
#include "with_goroutines.hpp"

#include <chrono>
#include <functional>
#include <vector>

#include <gangway/callback.hpp>
#include <gangway/chan.hpp>
#include <gangway/debug.hpp>
#include <gangway/runtime.hpp>
#include <gangway/task.hpp>

#include "connection.hpp"
#include "exchange.hpp"
#include "file_lock.hpp"
#include "heartbeat.hpp"
#include "progress.hpp"
#include "statement.hpp"
#include "transaction.hpp"
#include "waiting_room.hpp"
#include "workload.hpp"

namespace pipeline {

namespace {

// What the goroutines of a run share.
struct scene {
    const options& o;
    const std::filesystem::path& file;
    exchange rates{};
    file_lock<waiting_room> lock{};
    gangway::chan<row> rows{1024};
};

void read_sales(scene& s, int reader) {
    connection db(s.file);
    lock_wait wait(s.lock);
    db.on_busy(std::ref(wait));
    db.define("rate", 1, gangway::exported<&rate>, &s.rates);
    for (int query = 0; query < s.o.queries; ++query) {
        wait.before_reading();
        call_after done(s.lock.readers_gone);
        db.exec(reader_sql(s.o, reader, query),
                [&](std::span<char*> values) { s.rows.send(parse_row(s.o, reader, query, values)); });
    }
}

void book_payments(scene& s, int writer) {
    connection db(s.file);
    lock_wait wait(s.lock);
    db.on_busy(std::ref(wait));
    db.define("rate", 1, gangway::exported<&rate>, &s.rates);
    wait.before_reading();
    db.exec(writer_settings);
    statement insert_payment(db, insert_payment_sql);
    statement pay_shop(db, pay_shop_sql);
    for (int number = 0; number < s.o.queries; ++number) {
        const payment p = make_payment(writer, number);
        wait.before_writing();
        call_after done(s.lock.writer_gone);
        transaction booking(db);
        insert_payment.run(p.writer, p.number, p.shop, p.units, p.currency);
        pay_shop.run(p.shop, p.units, p.currency);
        wait.before_commit();
        booking.commit();
    }
}

totals add_up(const options& o, gangway::chan<row> rows) {
    progress shown("goroutines", rows_of_all_readers(o));
    totals t;
    for (const row& r : rows) {
        t.add(r);
        shown.at(t.rows);
    }
    return t;
}

// Closes a channel at the end of a scope, so that whoever receives from it ends however
// the scope is left.
template <class T>
struct closed_after {
    gangway::chan<T>& channel;
    ~closed_after() { channel.close(); }
};

}  // namespace

run_result run_with_goroutines(const options& o, const std::filesystem::path& file) {
    const std::uint64_t calls_before = gangway::num_cgo_call();
    const std::uint64_t callbacks_before = gangway::read_mem_stats().callbacks;
    const auto start = std::chrono::steady_clock::now();

    scene s{o, file};
    heartbeat threads(s.lock);
    auto sum = gangway::spawn(add_up, std::cref(o), s.rows);
    {
        closed_after<row> end{s.rows};
        std::vector<gangway::task<void>> workers;
        for (int i = 0; i < o.connections; ++i) workers.push_back(gangway::spawn(read_sales, std::ref(s), i));
        for (int i = 0; i < o.writers; ++i) workers.push_back(gangway::spawn(book_payments, std::ref(s), i));
        for (auto& w : workers) w.join();
    }

    run_result r;
    r.read = sum.join();
    r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    r.calls = gangway::num_cgo_call() - calls_before;
    r.callbacks = gangway::read_mem_stats().callbacks - callbacks_before;
    r.busy = s.lock.waits.load();
    r.threads = threads.stop();
    return r;
}

}  // namespace pipeline
