// SPDX-License-Identifier: BSD-3-Clause
#include "workload.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "statement.hpp"
#include "transaction.hpp"

namespace pipeline {

namespace {

constexpr int shops = 100;

struct currency_rate {
    std::string_view code;
    std::int64_t cents;
};
constexpr std::array<currency_rate, 8> rates{{{"AUD", 60'500},
                                              {"CAD", 67'900},
                                              {"CHF", 106'400},
                                              {"EUR", 100'000},
                                              {"GBP", 119'300},
                                              {"JPY", 610},
                                              {"SEK", 8'730},
                                              {"USD", 92'100}}};

// splitmix64's finisher: every bit of n moves every bit of the result.
constexpr std::uint64_t mix(std::uint64_t n) {
    n += 0x9e3779b97f4a7c15;
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
    n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
    return n ^ (n >> 31);
}

template <class... N>
constexpr std::uint64_t hash(N... n) {
    std::uint64_t h = 0;
    ((h = mix(h ^ static_cast<std::uint64_t>(n))), ...);
    return h;
}

// A number below `end` that looks random and is the same every time.
template <class... N>
constexpr std::int64_t pick(std::int64_t end, N... n) {
    return static_cast<std::int64_t>(hash(n...) % static_cast<std::uint64_t>(end));
}

int rows_per_query(const options& o) {
    return std::max(1, o.rows / 40);
}

std::int64_t whole_number(const char* text) {
    std::int64_t n = 0;
    const char* end = text != nullptr ? text + std::strlen(text) : nullptr;
    if (text == nullptr || std::from_chars(text, end, n).ptr != end) {
        throw std::runtime_error(std::string("expected a whole number in a result, got ") +
                                 (text != nullptr ? text : "NULL"));
    }
    return n;
}

}  // namespace

void totals::add(const row& r) {
    ++rows;
    sum += hash(r.query, r.sale, r.shop, r.cents);
}

std::optional<std::int64_t> rate_of(std::string_view currency) {
    for (const currency_rate& r : rates) {
        if (r.code == currency) return r.cents;
    }
    return std::nullopt;
}

std::string reader_sql(const options& o, int reader, int query) {
    const int length = rows_per_query(o);
    const std::int64_t first = 1 + pick(o.rows - length + 1, reader, query);
    // MATERIALIZED asks for each rate once a query; CROSS JOIN keeps the sales outside,
    // in order.
    return "WITH price AS MATERIALIZED (SELECT code, rate(code) AS cents FROM currency) "
           "SELECT sale.id, sale.shop, sale.units * price.cents / 1000 "
           "FROM sale CROSS JOIN price ON price.code = sale.currency WHERE sale.id BETWEEN " +
           std::to_string(first) + " AND " + std::to_string(first + length - 1);
}

row parse_row(const options& o, int reader, int query, std::span<char*> values) {
    return {std::int64_t{reader} * o.queries + query, whole_number(values[0]), whole_number(values[1]),
            whole_number(values[2])};
}

std::uint64_t rows_of_all_readers(const options& o) {
    return std::uint64_t{1} * static_cast<std::uint64_t>(o.connections) * static_cast<std::uint64_t>(o.queries) *
           static_cast<std::uint64_t>(rows_per_query(o));
}

payment make_payment(int writer, int number) {
    return {writer, number, 1 + pick(shops, writer, number, 1), 1 + pick(50'000, writer, number, 2),
            rates[static_cast<std::size_t>(pick(rates.size(), writer, number, 3))].code};
}

const char insert_payment_sql[] = "INSERT INTO payment VALUES (?1, ?2, ?3, ?4 * rate(?5) / 1000)";
const char pay_shop_sql[] = "UPDATE shop SET balance = balance + ?2 * rate(?3) / 1000 WHERE id = ?1";

void fill(connection& db, const options& o) {
    db.exec(writer_settings);
    transaction all(db);
    db.exec(
        "CREATE TABLE currency(code TEXT PRIMARY KEY) WITHOUT ROWID;"
        "CREATE TABLE shop(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);"
        "CREATE TABLE sale(id INTEGER PRIMARY KEY, shop INTEGER NOT NULL, currency TEXT NOT NULL, units INTEGER "
        "NOT NULL);"
        "CREATE TABLE payment(writer INTEGER, number INTEGER, shop INTEGER NOT NULL, cents INTEGER NOT NULL,"
        " PRIMARY KEY(writer, number)) WITHOUT ROWID");
    statement add_currency(db, "INSERT INTO currency VALUES (?1)");
    for (const currency_rate& r : rates) add_currency.run(r.code);
    statement add_shop(db, "INSERT INTO shop VALUES (?1, 0)");
    for (int id = 1; id <= shops; ++id) add_shop.run(id);
    statement add_sale(db, "INSERT INTO sale VALUES (?1, ?2, ?3, ?4)");
    for (int id = 1; id <= o.rows; ++id) {
        add_sale.run(id, 1 + pick(shops, id, 1), rates[static_cast<std::size_t>(pick(rates.size(), id, 2))].code,
                     1 + pick(100'000, id, 3));
    }
    all.commit();
}

void forget_payments(connection& db) {
    db.exec("BEGIN IMMEDIATE; DELETE FROM payment; UPDATE shop SET balance = 0; COMMIT");
}

std::uint64_t sum_of_payments(connection& db) {
    std::uint64_t sum = 0;
    db.exec("SELECT writer, number, shop, cents FROM payment", [&](std::span<char*> v) {
        sum += hash(1, whole_number(v[0]), whole_number(v[1]), whole_number(v[2]), whole_number(v[3]));
    });
    db.exec("SELECT id, balance FROM shop",
            [&](std::span<char*> v) { sum += hash(2, whole_number(v[0]), whole_number(v[1])); });
    return sum;
}

}  // namespace pipeline
