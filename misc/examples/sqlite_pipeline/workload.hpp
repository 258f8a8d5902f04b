// SPDX-License-Identifier: BSD-3-Clause
// The work, whoever does it: what is in the database, what is asked of it, and the sum
// that tells whether all of it was done. A chain of shops has sold in eight currencies.
// Readers go through slices of the sales and value them in cents; writers book payments
// to the shops meanwhile.
//
// All of it follows from the options, none of it from the order in which things happen:
// payments are only ever added up, and so are the hashes of the rows. So two runs of the
// same options have the same sums.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "connection.hpp"
#include "options.hpp"

namespace pipeline {

// A row of a query's result, as it travels from a reader to whoever adds up.
struct row {
    std::int64_t query;  // which one: unique in a run
    std::int64_t sale;
    std::int64_t shop;
    std::int64_t cents;
};

struct totals {
    std::uint64_t rows = 0;
    std::uint64_t sum = 0;  // of hashes: the order of the rows makes no difference, each value in each does

    void add(const row& r);
};

// A payment that a writer books.
struct payment {
    std::int64_t writer;
    std::int64_t number;
    std::int64_t shop;
    std::int64_t units;
    std::string_view currency;
};

// What 1000 units of a currency are worth in cents; nullopt for one that nobody deals in.
std::optional<std::int64_t> rate_of(std::string_view currency);

// Goes through `rate(currency)`, so the connection must have that function.
std::string reader_sql(const options& o, int reader, int query);
row parse_row(const options& o, int reader, int query, std::span<char*> values);
std::uint64_t rows_of_all_readers(const options& o);

payment make_payment(int writer, int number);
extern const char insert_payment_sql[];  // ?1 writer, ?2 number, ?3 shop, ?4 units, ?5 currency
extern const char pay_shop_sql[];        // ?1 shop, ?2 units, ?3 currency

// What a connection that writes is set to. A rollback journal: a writer needs the file
// for itself, so there is something to wait for. No fsync: it is scratch data, and it is
// not the disk that is measured.
inline constexpr char writer_settings[] = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF";

void fill(connection& db, const options& o);
void forget_payments(connection& db);
// What the writers left in the database, as a sum of hashes.
std::uint64_t sum_of_payments(connection& db);

}  // namespace pipeline
