// SPDX-License-Identifier: BSD-3-Clause
// SQLite with callbacks of every kind that it has, all of which wait.
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "../fixture.hpp"
#include "temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;
using row_fn = int(void*, int, char**, char**);

class database {
public:
    explicit database(const std::string& path = ":memory:", const char* vfs = nullptr) {
        constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_open_v2>(path.c_str(), &db_, flags, vfs));
    }
    ~database() { EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_close>(db_)); }
    database(const database&) = delete;
    database& operator=(const database&) = delete;

    sqlite3* get() const { return db_; }

    int exec(const char* sql, row_fn* row = nullptr, void* data = nullptr) {
        return gangway::call<&::sqlite3_exec>(db_, sql, row, data, nullptr);
    }
    // The first column of each row.
    strings column(const char* sql) {
        strings all;
        gangway::userdata_callback<row_fn, 0> row([&](int, char** values, char**) {
            all.emplace_back(values[0] != nullptr ? values[0] : "NULL");
            return 0;
        });
        EXPECT_EQ(SQLITE_OK, exec(sql, row.fn(), row.data())) << sqlite3_errmsg(db_);
        return all;
    }
    void fill(int rows) {
        EXPECT_EQ(SQLITE_OK, exec("CREATE TABLE t(n INTEGER PRIMARY KEY, s TEXT)"));
        const std::string sql = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r LIMIT " +
                                std::to_string(rows) + ") INSERT INTO t SELECT i, 'row ' || i FROM r";
        EXPECT_EQ(SQLITE_OK, exec(sql.c_str()));
    }

private:
    sqlite3* db_ = nullptr;
};

void set_result(sqlite3_context* context, sqlite3_int64 n) {
    gangway::call<&::sqlite3_result_int64>(context, n);
}
sqlite3_int64 int_of(sqlite3_value* value) {
    return gangway::call<&::sqlite3_value_int64>(value);
}
template <class T>
T& data_of(sqlite3_context* context) {
    return *static_cast<T*>(gangway::leaf_call<&::sqlite3_user_data>(context));
}

// --- rows ------------------------------------------------------------------------------------------------------------

GOROUTINE_TEST(sqlite, rows_go_to_another_goroutine) {
    gangway::chan<std::string> rows;
    auto reader = gangway::spawn([rows]() mutable {
        database db;
        db.fill(200);
        gangway::userdata_callback<row_fn, 0> row([&](int, char** values, char**) {
            rows.send(values[0]);
            return 0;
        });
        EXPECT_EQ(SQLITE_OK, db.exec("SELECT s FROM t ORDER BY n", row.fn(), row.data()));
        rows.close();
    });
    int n = 0;
    for (std::string& s : rows) EXPECT_EQ("row " + std::to_string(++n), s);
    EXPECT_EQ(200, n);
    reader.join();
}

GOROUTINE_TEST(sqlite, an_exception_out_of_a_row) {
    database db;
    db.fill(10);
    int seen = 0;
    gangway::userdata_callback<row_fn, 0> row(
        [&](int, char**, char**) -> int {
            gangway::gosched();
            if (++seen == 3) throw std::runtime_error("enough");
            return 0;
        },
        /*on_error=*/1);
    EXPECT_THROW(db.exec("SELECT s FROM t", row.fn(), row.data()), std::runtime_error);
    EXPECT_EQ(3, seen);
    EXPECT_EQ(SQLITE_ABORT, sqlite3_errcode(db.get()));
    EXPECT_EQ(strings{"10"}, db.column("SELECT count(*) FROM t"));
}

// --- functions, aggregates, collations -------------------------------------------------------------------------------

// Doubles numbers for others.
struct doubler {
    gangway::chan<sqlite3_int64> in;
    gangway::chan<sqlite3_int64> out;
    doubler() {
        gangway::go([i = in, o = out]() mutable {
            for (sqlite3_int64 n : i) o.send(2 * n);
        });
    }
    ~doubler() { in.close(); }
    doubler(const doubler&) = delete;
    doubler& operator=(const doubler&) = delete;
};

void twice(sqlite3_context* context, int, sqlite3_value** values) {
    auto& d = data_of<doubler>(context);
    d.in.send(int_of(values[0]));
    set_result(context, d.out.recv().value());
}

GOROUTINE_TEST(sqlite, a_function_that_asks_another_goroutine) {
    doubler d;
    database db;
    db.fill(100);
    EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_create_function>(db.get(), "twice", 1, SQLITE_UTF8, &d,
                                                                   gangway::exported<&twice>, nullptr, nullptr));
    EXPECT_EQ(strings{"10100"}, db.column("SELECT sum(twice(n)) FROM t"));
    EXPECT_EQ(strings{"8"}, db.column("SELECT twice(twice(twice(1)))"));
}

// fib(n), where each call asks the same connection again: calls and callbacks by turns, n deep.
void fib(sqlite3_context* context, int, sqlite3_value** values) {
    auto& db = data_of<database>(context);
    const auto n = int_of(values[0]);
    if (n < 0) throw std::domain_error("fib of " + std::to_string(n));
    gangway::gosched();
    if (n < 2) {
        set_result(context, n);
        return;
    }
    const std::string sql = "SELECT fib(" + std::to_string(n - 1) + ") + fib(" + std::to_string(n - 2) + ")";
    set_result(context, std::stoll(db.column(sql.c_str()).at(0)));
}

GOROUTINE_TEST(sqlite, a_function_that_asks_its_own_connection) {
    database db;
    ASSERT_EQ(SQLITE_OK, gangway::call<&::sqlite3_create_function>(db.get(), "fib", 1, SQLITE_UTF8, &db,
                                                                   gangway::exported<&fib>, nullptr, nullptr));
    EXPECT_EQ(strings{"55"}, db.column("SELECT fib(10)"));
    // The statement goes on with NULL, which is a result that was never set.
    strings got;
    EXPECT_THROW(got = db.column("SELECT fib(-1)"), std::domain_error);
    EXPECT_TRUE(got.empty());
    EXPECT_EQ(strings{"1"}, db.column("SELECT fib(2)"));
}

// An aggregate's state is a channel to a goroutine that adds up. It is behind a handle in SQLite's memory for the group.
struct group {
    gangway::chan<sqlite3_int64> numbers;
    gangway::task<sqlite3_int64> sum;
};
std::atomic<int> groups{0};

void add_step(sqlite3_context* context, int, sqlite3_value** values) {
    auto** slot = static_cast<void**>(gangway::call<&::sqlite3_aggregate_context>(context, int{sizeof(void*)}));
    if (*slot == nullptr) {
        group g;
        g.sum = gangway::spawn([in = g.numbers]() mutable {
            sqlite3_int64 sum = 0;
            for (sqlite3_int64 n : in) sum += n;
            return sum;
        });
        *slot = gangway::handle::make(std::move(g)).pointer();
        groups++;
    }
    gangway::handle::from(*slot).value<group>().numbers.send(int_of(values[0]));
}
void add_final(sqlite3_context* context) {
    auto** slot = static_cast<void**>(gangway::call<&::sqlite3_aggregate_context>(context, 0));
    if (slot == nullptr) return;
    gangway::handle h = gangway::handle::from(*slot);
    auto& g = h.value<group>();
    g.numbers.close();
    set_result(context, g.sum.join());
    h.release();
    groups--;
}

GOROUTINE_TEST(sqlite, an_aggregate_whose_groups_are_goroutines) {
    database db;
    db.fill(100);
    EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_create_function>(db.get(), "add_up", 1, SQLITE_UTF8, nullptr,
                                                                   nullptr, gangway::exported<&add_step>,
                                                                   gangway::exported<&add_final>));
    EXPECT_EQ(strings{"5050"}, db.column("SELECT add_up(n) FROM t"));
    EXPECT_EQ((strings{"1683", "1717", "1650"}), db.column("SELECT add_up(n) FROM t GROUP BY n % 3"));
    EXPECT_EQ(strings{"NULL"}, db.column("SELECT add_up(n) FROM t WHERE n < 0"));
    EXPECT_EQ(0, groups);
}

GOROUTINE_TEST(sqlite, a_collation_that_yields) {
    database db;
    EXPECT_EQ(SQLITE_OK, db.exec("CREATE TABLE w(s TEXT); INSERT INTO w VALUES ('pear'), ('fig'), ('banana'), "
                                 "('kiwi'), ('date'), ('plum'), ('apple')"));
    int compared = 0;
    gangway::userdata_callback<int(void*, int, const void*, int, const void*), 0> by_length(
        [&](int n, const void* a, int m, const void* b) {
            compared++;
            gangway::gosched();
            if (n != m) return n - m;
            return std::string_view(static_cast<const char*>(a), static_cast<std::size_t>(n))
                .compare({static_cast<const char*>(b), static_cast<std::size_t>(m)});
        });
    EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_create_collation>(db.get(), "by_length", SQLITE_UTF8,
                                                                    by_length.data(), by_length.fn()));
    EXPECT_EQ((strings{"fig", "date", "kiwi", "pear", "plum", "apple", "banana"}),
              db.column("SELECT s FROM w ORDER BY s COLLATE by_length"));
    EXPECT_GE(compared, 6);
}

// --- hooks -----------------------------------------------------------------------------------------------------------

// A goroutine decides what is committed: nothing that has changed row 13.
GOROUTINE_TEST(sqlite, update_commit_and_rollback_hooks) {
    database db;
    db.fill(20);
    gangway::chan<sqlite3_int64> changed;
    gangway::chan<bool> commit_asked, veto;
    auto censor = gangway::spawn([=]() mutable {
        bool bad = false;
        for (bool more = true; more;) {
            gangway::select(gangway::on_recv(changed, [&](auto row) { bad |= row == 13; }),
                            gangway::on_recv(commit_asked, [&](auto asked) {
                                more = asked.has_value();
                                if (more) veto.send(std::exchange(bad, false));
                            }));
        }
    });
    int rolled_back = 0;
    using update_fn = void(void*, int, const char*, const char*, sqlite3_int64);
    gangway::userdata_callback<update_fn, 0> on_update(
        [&](int, const char*, const char*, sqlite3_int64 row) { changed.send(row); });
    gangway::userdata_callback<int(void*), 0> on_commit([&] {
        commit_asked.send(true);
        return int{veto.recv().value()};
    });
    gangway::userdata_callback<void(void*), 0> on_rollback([&] {
        gangway::gosched();
        rolled_back++;
    });
    gangway::call([&] {
        sqlite3_update_hook(db.get(), on_update.fn(), on_update.data());
        sqlite3_commit_hook(db.get(), on_commit.fn(), on_commit.data());
        sqlite3_rollback_hook(db.get(), on_rollback.fn(), on_rollback.data());
    });

    EXPECT_EQ(SQLITE_OK, db.exec("UPDATE t SET s = 'x' WHERE n IN (3, 4)"));
    EXPECT_EQ(0, rolled_back);
    EXPECT_EQ(SQLITE_CONSTRAINT, db.exec("UPDATE t SET s = 'x' WHERE n > 10"));
    EXPECT_EQ(1, rolled_back);
    EXPECT_EQ(SQLITE_CONSTRAINT_COMMITHOOK, sqlite3_extended_errcode(db.get()));
    EXPECT_EQ(SQLITE_OK, db.exec("UPDATE t SET s = 'x' WHERE n > 18"));
    EXPECT_EQ(strings{"4"}, db.column("SELECT count(*) FROM t WHERE s = 'x'"));
    commit_asked.close();
    censor.join();
}

constexpr const char* endless =
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r) SELECT max(i) FROM r";

// A query without end gives way to others at each callback, and ends when one of them says so.
GOROUTINE_TEST(sqlite, a_progress_handler) {
    database db;
    std::atomic<int> asked{0};
    std::atomic<bool> stop{false};
    gangway::userdata_callback<int(void*), 0> progress([&] {
        asked++;
        gangway::gosched();
        return int{stop};
    });
    gangway::call<&::sqlite3_progress_handler>(db.get(), 100, progress.fn(), progress.data());
    auto query = gangway::spawn([&] { return db.exec(endless); });
    EXPECT_TRUE(test::yield_until([&] { return asked >= 20; }));
    stop = true;
    EXPECT_EQ(SQLITE_INTERRUPT, query.join());
}

GOROUTINE_TEST(sqlite, interrupted_by_an_exception) {
    database db;
    int asked = 0;
    gangway::userdata_callback<int(void*), 0> progress(
        [&]() -> int {
            if (++asked == 5) throw std::runtime_error("too long");
            return 0;
        },
        /*on_error=*/1);
    gangway::call<&::sqlite3_progress_handler>(db.get(), 100, progress.fn(), progress.data());
    EXPECT_THROW(db.exec(endless), std::runtime_error);
    EXPECT_EQ(5, asked);
    EXPECT_EQ(SQLITE_INTERRUPT, sqlite3_errcode(db.get()));
}

GOROUTINE_TEST(sqlite, traces_each_statement) {
    database db;
    strings begun;
    int done = 0;
    gangway::userdata_callback<int(unsigned, void*, void*, void*), 1> trace([&](unsigned what, void* p, void*) {
        gangway::gosched();
        if (what == SQLITE_TRACE_PROFILE) {
            done++;
            return 0;
        }
        char* sql = gangway::call<&::sqlite3_expanded_sql>(static_cast<sqlite3_stmt*>(p));
        begun.emplace_back(sql);
        gangway::call<&::sqlite3_free>(sql);
        return 0;
    });
    gangway::call<&::sqlite3_trace_v2>(db.get(), unsigned{SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE}, trace.fn(),
                                       trace.data());
    db.column("SELECT 1");
    db.column("SELECT 2");
    EXPECT_EQ((strings{"SELECT 1", "SELECT 2"}), begun);
    EXPECT_EQ(2, done);
}

// --- two connections that want one lock ------------------------------------------------------------------------------

// SQLite asks the busy handler what to do: it waits for the goroutine that has the lock, which goes on meanwhile.
GOROUTINE_TEST(sqlite, a_busy_handler_that_waits_for_the_holder) {
    test::temporary_directory dir;
    const std::string path = dir.path() / "db";
    database holder(path);
    holder.fill(1);
    for (int round = 0; round < 10; round++) {
        gangway::chan<int> busy, released;
        ASSERT_EQ(SQLITE_OK, holder.exec("BEGIN IMMEDIATE"));
        auto waiter = gangway::spawn([=]() mutable {
            database db(path);
            gangway::userdata_callback<int(void*, int), 0> on_busy([&](int times) {
                busy.send(times);
                released.recv();
                return 1;
            });
            gangway::call<&::sqlite3_busy_handler>(db.get(), on_busy.fn(), on_busy.data());
            EXPECT_EQ(SQLITE_OK, db.exec("UPDATE t SET n = n + 1"));
        });
        EXPECT_EQ(0, busy.recv());
        EXPECT_EQ(SQLITE_OK, holder.exec("COMMIT"));
        released.close();
        waiter.join();
    }
    EXPECT_EQ(strings{"11"}, holder.column("SELECT n FROM t"));
}

// Sleeps whenever the database is locked, until it has been asked that often for one lock.
class patience {
public:
    patience(database& db, int give_up_after, std::atomic<int>& asked)
        : on_busy_([give_up_after, &asked](int times) {
              asked++;
              gangway::sleep_for(100us);
              return int{times < give_up_after};
          }) {
        gangway::call<&::sqlite3_busy_handler>(db.get(), on_busy_.fn(), on_busy_.data());
    }

private:
    gangway::userdata_callback<int(void*, int), 0> on_busy_;
};

GOROUTINE_TEST(sqlite, a_busy_handler_that_sleeps_and_one_that_gives_up) {
    constexpr int for_ever = 1'000'000;
    test::temporary_directory dir;
    const std::string path = dir.path() / "db";
    std::atomic<int> asked{0};
    database holder(path);
    patience of_holder(holder, for_ever, asked);  // a commit waits for those who look whether they may write
    holder.fill(1);
    ASSERT_EQ(SQLITE_OK, holder.exec("BEGIN IMMEDIATE"));
    auto add_one = [&](int give_up_after) {
        database db(path);
        patience of_db(db, give_up_after, asked);
        return db.exec("UPDATE t SET n = n + 1");
    };
    EXPECT_EQ(SQLITE_BUSY, add_one(3));
    EXPECT_EQ(4, asked);
    std::vector<gangway::task<int>> patient;
    for (int i = 0; i < 5; i++) patient.push_back(gangway::spawn(add_one, for_ever));
    EXPECT_TRUE(test::yield_until([&] { return asked > 30; }));
    EXPECT_EQ(SQLITE_OK, holder.exec("COMMIT"));
    for (auto& t : patient) EXPECT_EQ(SQLITE_OK, t.join());
    EXPECT_EQ(strings{"6"}, holder.column("SELECT n FROM t"));
}

// --- a file system ---------------------------------------------------------------------------------------------------

// A VFS over the default one, whose reads, writes and syncs are goroutine code. They go through a goroutine that is the
// disk: it does one thing at a time.
class disk_vfs {
public:
    explicit disk_vfs(const char* name) {
        real_ = gangway::call<&::sqlite3_vfs_find>(nullptr);
        static_cast<sqlite3_vfs&>(vfs_) = *real_;
        vfs_.owner = this;
        vfs_.zName = name;
        vfs_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
        vfs_.xOpen = gangway::exported<&open>;
        EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_vfs_register>(&vfs_, 0));
        disk_ = gangway::spawn([in = requests_, out = done_]() mutable {
            for (int request : in) out.send(request);
        });
    }
    ~disk_vfs() {
        EXPECT_EQ(SQLITE_OK, gangway::call<&::sqlite3_vfs_unregister>(&vfs_));
        requests_.close();
    }
    disk_vfs(const disk_vfs&) = delete;
    disk_vfs& operator=(const disk_vfs&) = delete;

    std::atomic<int> reads{0}, writes{0}, syncs{0};
    std::atomic<bool> fail_syncs{false};

private:
    struct named_vfs : sqlite3_vfs {
        disk_vfs* owner = nullptr;
    };
    struct file : sqlite3_file {
        disk_vfs* owner;
        // The default file system's own file lies behind this one.
        sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
        static file& of(sqlite3_file* f) { return *static_cast<file*>(f); }
    };

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* at, int flags, int* out_flags) {
        disk_vfs* owner = static_cast<named_vfs*>(vfs)->owner;
        file& f = file::of(at);
        f.owner = owner;
        gangway::gosched();
        const int code = gangway::call(owner->real_->xOpen, owner->real_, path, f.real(), flags, out_flags);
        f.pMethods = f.real()->pMethods != nullptr ? &methods : nullptr;
        return code;
    }
    // exported gives C a result of 0 when the function throws, and 0 is SQLite's word for success: so what may throw is
    // caught here.
    template <class Body>
    static int on_disk(file& f, std::atomic<int>& count, int when_it_throws, Body body) {
        try {
            std::lock_guard lock(f.owner->one_at_a_time_);
            f.owner->requests_.send(++count);
            f.owner->done_.recv();
            return body();
        } catch (const std::exception&) {
            return when_it_throws;
        }
    }
    static int read(sqlite3_file* at, void* to, int n, sqlite3_int64 offset) {
        file& f = file::of(at);
        return on_disk(f, f.owner->reads, SQLITE_IOERR_READ,
                       [&] { return gangway::call(f.real()->pMethods->xRead, f.real(), to, n, offset); });
    }
    static int write(sqlite3_file* at, const void* from, int n, sqlite3_int64 offset) {
        file& f = file::of(at);
        return on_disk(f, f.owner->writes, SQLITE_IOERR_WRITE,
                       [&] { return gangway::call(f.real()->pMethods->xWrite, f.real(), from, n, offset); });
    }
    static int sync(sqlite3_file* at, int flags) {
        file& f = file::of(at);
        return on_disk(f, f.owner->syncs, SQLITE_IOERR_FSYNC, [&] {
            if (f.owner->fail_syncs) throw std::runtime_error("no disk");
            return gangway::call(f.real()->pMethods->xSync, f.real(), flags);
        });
    }

    // What has nothing to wait for is C's, and called by C.
    template <auto Method, class... A>
    static int pass_on(sqlite3_file* at, A... args) {
        sqlite3_file* real = file::of(at).real();
        return (real->pMethods->*Method)(real, args...);
    }
    inline static constexpr sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = &pass_on<&sqlite3_io_methods::xClose>,
        .xRead = gangway::exported<&read>,
        .xWrite = gangway::exported<&write>,
        .xTruncate = &pass_on<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
        .xSync = gangway::exported<&sync>,
        .xFileSize = &pass_on<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
        .xLock = &pass_on<&sqlite3_io_methods::xLock, int>,
        .xUnlock = &pass_on<&sqlite3_io_methods::xUnlock, int>,
        .xCheckReservedLock = &pass_on<&sqlite3_io_methods::xCheckReservedLock, int*>,
        .xFileControl = &pass_on<&sqlite3_io_methods::xFileControl, int, void*>,
        .xSectorSize = &pass_on<&sqlite3_io_methods::xSectorSize>,
        .xDeviceCharacteristics = &pass_on<&sqlite3_io_methods::xDeviceCharacteristics>,
        .xShmMap = nullptr,
        .xShmLock = nullptr,
        .xShmBarrier = nullptr,
        .xShmUnmap = nullptr,
        .xFetch = nullptr,
        .xUnfetch = nullptr,
    };

    sqlite3_vfs* real_ = nullptr;
    named_vfs vfs_{};
    gangway::chan<int> requests_, done_;
    gangway::mutex one_at_a_time_;
    gangway::task<void> disk_;
};

GOROUTINE_TEST(sqlite, a_file_system_of_goroutine_code) {
    test::temporary_directory dir;
    disk_vfs disk("gangway");
    gangway::wait_group all;
    for (int i = 0; i < 4; i++) {
        all.go([&, i] {
            database db(dir.path() / std::to_string(i), "gangway");
            db.fill(100);
            EXPECT_EQ(SQLITE_OK, db.exec("PRAGMA cache_size = 2"));
            EXPECT_EQ(strings{"100"}, db.column("SELECT count(*) FROM t"));
        });
    }
    all.wait();
    EXPECT_GT(disk.reads, 0);
    EXPECT_GT(disk.writes, 8);
    EXPECT_GT(disk.syncs, 8);
    // What was written is there for the default file system too.
    for (int i = 0; i < 4; i++) {
        EXPECT_EQ(strings{"5050"}, database(dir.path() / std::to_string(i)).column("SELECT sum(n) FROM t"));
    }
}

GOROUTINE_TEST(sqlite, a_file_system_that_fails) {
    test::temporary_directory dir;
    disk_vfs disk("gangway");
    database db(dir.path() / "db", "gangway");
    db.fill(10);
    disk.fail_syncs = true;
    EXPECT_EQ(SQLITE_IOERR, db.exec("UPDATE t SET s = ''"));
    EXPECT_EQ(SQLITE_IOERR_FSYNC, sqlite3_extended_errcode(db.get()));
    disk.fail_syncs = false;
    EXPECT_EQ(strings{"10"}, db.column("SELECT count(*) FROM t WHERE s <> ''"));
}

}  // namespace
