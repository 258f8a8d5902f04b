// SPDX-License-Identifier: BSD-3-Clause
// No line of this goes through the library: SQLite is called directly and calls plain
// functions, so that the figures are those of threads alone.
#include "with_threads.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "bounded_queue.hpp"
#include "file_lock.hpp"
#include "progress.hpp"
#include "sqlite_error.hpp"
#include "workload.hpp"

namespace pipeline {

namespace {

class thread_waiting_room {
public:
    std::uint64_t ticket() {
        std::lock_guard hold(lock_);
        return calls_;
    }
    std::uint64_t wait_after(std::uint64_t ticket) {
        std::unique_lock hold(lock_);
        called_.wait_for(hold, std::chrono::milliseconds(20), [&] { return calls_ != ticket; });
        return calls_;
    }
    void call() {
        std::lock_guard hold(lock_);
        ++calls_;
        called_.notify_all();
    }

private:
    std::mutex lock_;
    std::condition_variable called_;
    std::uint64_t calls_ = 0;
};

class thread_exchange {
public:
    thread_exchange() : server_([this] { serve(); }) {}
    ~thread_exchange() {
        questions_.close();
        server_.join();
    }

    std::optional<std::int64_t> ask(std::string currency) {
        asked_.fetch_add(1, std::memory_order_relaxed);
        std::promise<answer> reply;
        std::future<answer> came = reply.get_future();
        questions_.push({std::move(currency), std::move(reply)});
        return came.get();
    }
    std::uint64_t asked() const { return asked_.load(); }

private:
    using answer = std::optional<std::int64_t>;
    struct question {
        std::string currency;
        std::promise<answer> reply;
    };

    void serve() {
        while (auto q = questions_.pop()) q->reply.set_value(rate_of(q->currency));
    }

    std::atomic<std::uint64_t> asked_{0};
    bounded_queue<question> questions_{1};
    std::thread server_;
};

using lock_of_threads = file_lock<thread_waiting_room>;
using wait_of_thread = lock_wait<thread_waiting_room>;

// What the threads of a run share.
struct scene {
    const options& o;
    const std::filesystem::path& file;
    thread_exchange rates{};
    lock_of_threads lock{};
    bounded_queue<row> rows{1024};
};

void rate(sqlite3_context* context, int, sqlite3_value** arguments) {
    const unsigned char* currency = sqlite3_value_text(arguments[0]);
    if (currency == nullptr) return;
    std::string code(reinterpret_cast<const char*>(currency));
    if (auto cents = static_cast<thread_exchange*>(sqlite3_user_data(context))->ask(code)) {
        sqlite3_result_int64(context, *cents);
    } else {
        sqlite3_result_error(context, ("rate: nobody deals in " + code).c_str(), -1);
    }
}

int busy(void* wait, int times) {
    return (*static_cast<wait_of_thread*>(wait))(times) ? 1 : 0;
}

struct closer {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using connection_ptr = std::unique_ptr<sqlite3, closer>;
using statement_ptr = std::unique_ptr<sqlite3_stmt, closer>;

connection_ptr open(scene& s, wait_of_thread& wait) {
    sqlite3* db = nullptr;
    int code = sqlite3_open_v2(s.file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    connection_ptr opened(db);
    check(code, db, "opening " + s.file.string());
    check(sqlite3_busy_handler(db, busy, &wait), db, "setting the busy handler");
    check(sqlite3_create_function_v2(db, "rate", 1, SQLITE_UTF8, &s.rates, rate, nullptr, nullptr, nullptr), db,
          "rate");
    return opened;
}

void exec(sqlite3* db, const char* sql) {
    check(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), db, sql);
}

// A row of a query on its way. An exception must not go through SQLite's frames: it waits
// here until they are gone.
struct row_sender {
    scene& s;
    int reader;
    int query;
    std::exception_ptr thrown{};

    static int send(void* self, int columns, char** values, char**) {
        auto& to = *static_cast<row_sender*>(self);
        try {
            to.s.rows.push(parse_row(to.s.o, to.reader, to.query, {values, static_cast<std::size_t>(columns)}));
            return 0;
        } catch (...) {
            to.thrown = std::current_exception();
            return 1;
        }
    }
};

void read_sales(scene& s, int reader) {
    wait_of_thread wait(s.lock);
    connection_ptr db = open(s, wait);
    for (int query = 0; query < s.o.queries; ++query) {
        wait.before_reading();
        call_after done(s.lock.readers_gone);
        const std::string sql = reader_sql(s.o, reader, query);
        row_sender rows{s, reader, query};
        int code = sqlite3_exec(db.get(), sql.c_str(), row_sender::send, &rows, nullptr);
        if (rows.thrown) std::rethrow_exception(rows.thrown);
        check(code, db.get(), sql);
    }
}

statement_ptr prepare(sqlite3* db, const char* sql) {
    sqlite3_stmt* s = nullptr;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, nullptr);
    statement_ptr prepared(s);
    check(code, db, sql);
    return prepared;
}

void step(sqlite3* db, sqlite3_stmt* s) {
    sqlite3_step(s);
    check(sqlite3_reset(s), db, sqlite3_sql(s));
}

void pay(sqlite3* db, sqlite3_stmt* insert_payment, sqlite3_stmt* pay_shop, const payment& p) {
    const auto length = static_cast<int>(p.currency.size());
    sqlite3_bind_int64(insert_payment, 1, p.writer);
    sqlite3_bind_int64(insert_payment, 2, p.number);
    sqlite3_bind_int64(insert_payment, 3, p.shop);
    sqlite3_bind_int64(insert_payment, 4, p.units);
    sqlite3_bind_text(insert_payment, 5, p.currency.data(), length, SQLITE_STATIC);
    step(db, insert_payment);
    sqlite3_bind_int64(pay_shop, 1, p.shop);
    sqlite3_bind_int64(pay_shop, 2, p.units);
    sqlite3_bind_text(pay_shop, 3, p.currency.data(), length, SQLITE_STATIC);
    step(db, pay_shop);
}

void book_payments(scene& s, int writer) {
    wait_of_thread wait(s.lock);
    connection_ptr opened = open(s, wait);
    sqlite3* db = opened.get();
    wait.before_reading();
    exec(db, writer_settings);
    statement_ptr insert_payment = prepare(db, insert_payment_sql);
    statement_ptr pay_shop = prepare(db, pay_shop_sql);
    for (int number = 0; number < s.o.queries; ++number) {
        wait.before_writing();
        call_after done(s.lock.writer_gone);
        exec(db, "BEGIN IMMEDIATE");  // closing the connection undoes it if it comes to that
        pay(db, insert_payment.get(), pay_shop.get(), make_payment(writer, number));
        wait.before_commit();
        exec(db, "COMMIT");
    }
}

totals add_up(const options& o, bounded_queue<row>& rows) {
    progress shown("threads", rows_of_all_readers(o));
    totals t;
    while (auto r = rows.pop()) {
        t.add(*r);
        shown.at(t.rows);
    }
    return t;
}

// Closes the queue at the end of a scope, however it is left.
struct closed_after {
    bounded_queue<row>& queue;
    ~closed_after() { queue.close(); }
};

}  // namespace

run_result run_with_threads(const options& o, const std::filesystem::path& file) {
    const auto start = std::chrono::steady_clock::now();
    scene s{o, file};
    // A thread each, whose exception get() gives back.
    auto thread = [](auto... work) { return std::async(std::launch::async, work...); };
    auto sum = thread(add_up, std::cref(o), std::ref(s.rows));
    {
        closed_after end{s.rows};
        std::vector<std::future<void>> workers;
        for (int i = 0; i < o.connections; ++i) workers.push_back(thread(read_sales, std::ref(s), i));
        for (int i = 0; i < o.writers; ++i) workers.push_back(thread(book_payments, std::ref(s), i));
        for (auto& w : workers) w.get();
    }

    run_result r;
    r.read = sum.get();
    r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    r.busy = s.lock.waits.load();
    r.callbacks = r.read.rows + s.rates.asked() + r.busy;
    r.threads = o.connections + o.writers + 3;  // the exchange, the one that adds up, and the one that waits here
    return r;
}

}  // namespace pipeline
