// SPDX-License-Identifier: BSD-3-Clause

package main

import "fmt"

// The work of misc/examples/sqlite_pipeline/workload.cpp: the same queries and payments, and the same sums of them.

const shops = 100

type currencyRate struct {
	code  string
	cents int64
}

var rates = [...]currencyRate{{"AUD", 60500}, {"CAD", 67900}, {"CHF", 106400}, {"EUR", 100000},
	{"GBP", 119300}, {"JPY", 610}, {"SEK", 8730}, {"USD", 92100}}

func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9
	n = (n ^ (n >> 27)) * 0x94d049bb133111eb
	return n ^ (n >> 31)
}

func hash(numbers ...int64) uint64 {
	h := uint64(0)
	for _, n := range numbers {
		h = mix(h ^ uint64(n))
	}
	return h
}

func pick(end int64, numbers ...int64) int64 { return int64(hash(numbers...) % uint64(end)) }

func rateOf(currency string) (int64, bool) {
	for _, r := range rates {
		if r.code == currency {
			return r.cents, true
		}
	}
	return 0, false
}

type row struct{ query, sale, shop, cents int64 }

func readerSQL(o options, reader, query int) string {
	length := o.rows / 40
	if length < 1 {
		length = 1
	}
	first := 1 + pick(int64(o.rows-length+1), int64(reader), int64(query))
	return fmt.Sprintf("WITH price AS MATERIALIZED (SELECT code, rate(code) AS cents FROM currency) "+
		"SELECT sale.id, sale.shop, sale.units * price.cents / 1000 "+
		"FROM sale CROSS JOIN price ON price.code = sale.currency WHERE sale.id BETWEEN %d AND %d",
		first, first+int64(length)-1)
}

type payment struct {
	writer, number, shop, units int64
	currency                    string
}

func makePayment(writer, number int64) payment {
	return payment{writer, number, 1 + pick(shops, writer, number, 1), 1 + pick(50000, writer, number, 2),
		rates[pick(int64(len(rates)), writer, number, 3)].code}
}

const (
	insertPaymentSQL = "INSERT INTO payment VALUES (?1, ?2, ?3, ?4 * rate(?5) / 1000)"
	payShopSQL       = "UPDATE shop SET balance = balance + ?2 * rate(?3) / 1000 WHERE id = ?1"
	writerSettings   = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF"
	forgetPayments   = "BEGIN IMMEDIATE; DELETE FROM payment; UPDATE shop SET balance = 0; COMMIT"
)

func sumOfPayments(db *connection) uint64 {
	sum := uint64(0)
	db.query("SELECT writer, number, shop, cents FROM payment", func(v []int64) { sum += hash(1, v[0], v[1], v[2], v[3]) })
	db.query("SELECT id, balance FROM shop", func(v []int64) { sum += hash(2, v[0], v[1]) })
	return sum
}
