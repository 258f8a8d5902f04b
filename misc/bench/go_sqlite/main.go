// SPDX-License-Identifier: BSD-3-Clause

// sqlite_pipeline_go: the work of misc/examples/sqlite_pipeline by cgo, on a database that it has made. Prints how long
// that took, and the sum, as JSON.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

type options struct {
	db                                  string
	connections, queries, writers, rows int
}

type scene struct {
	o     options
	rates *exchange
	lock  fileLock
	rows  chan row
}

func (s *scene) open() (*connection, *lockWait) {
	db, wait := open(s.o.db), &lockWait{lock: &s.lock}
	db.onBusy(wait.busy)
	db.defineRate(s.rates)
	return db, wait
}

func (s *scene) readSales(reader int) {
	db, wait := s.open()
	defer db.close()
	for query := 0; query < s.o.queries; query++ {
		wait.beforeReading()
		number := int64(reader)*int64(s.o.queries) + int64(query)
		db.query(readerSQL(s.o, reader, query), func(v []int64) { s.rows <- row{number, v[0], v[1], v[2]} })
		s.lock.readersGone.call()
	}
}

func (s *scene) bookPayments(writer int) {
	db, wait := s.open()
	defer db.close()
	wait.beforeReading()
	db.exec(writerSettings)
	insertPayment, payShop := db.prepare(insertPaymentSQL), db.prepare(payShopSQL)
	defer insertPayment.finalize()
	defer payShop.finalize()
	for number := 0; number < s.o.queries; number++ {
		p := makePayment(int64(writer), int64(number))
		wait.beforeWriting()
		db.exec("BEGIN IMMEDIATE")
		insertPayment.run(p.writer, p.number, p.shop, p.units, p.currency)
		payShop.run(p.shop, p.units, p.currency)
		wait.beforeCommit()
		db.exec("COMMIT")
		s.lock.writerGone.call()
	}
}

func threads() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err)
	}
	n := 0
	text := string(status)
	fmt.Sscanf(text[strings.Index(text, "Threads:"):], "Threads: %d", &n)
	return n
}

// Fifty times a second: counts the threads, and calls into the rooms, in case that it is another process that had the
// file. Gives the most threads that there were once over is closed.
func (s *scene) beat(over <-chan struct{}, most chan<- int) {
	n := 0
	for ticks := time.NewTicker(20 * time.Millisecond); ; {
		if now := threads(); now > n {
			n = now
		}
		s.lock.writerGone.call()
		s.lock.readersGone.call()
		select {
		case <-ticks.C:
		case <-over:
			most <- n
			return
		}
	}
}

func (s *scene) run() (rows, sum uint64) {
	var workers sync.WaitGroup
	start := func(n int, work func(int)) {
		workers.Add(n)
		for i := 0; i < n; i++ {
			i := i
			go func() {
				work(i)
				workers.Done()
			}()
		}
	}
	start(s.o.connections, s.readSales)
	start(s.o.writers, s.bookPayments)
	go func() {
		workers.Wait()
		close(s.rows)
	}()
	for r := range s.rows {
		rows++
		sum += hash(r.query, r.sale, r.shop, r.cents)
	}
	return rows, sum
}

func main() {
	var o options
	flag.StringVar(&o.db, "db", "", "a database that sqlite_pipeline has made and kept")
	flag.IntVar(&o.connections, "connections", 64, "that read")
	flag.IntVar(&o.queries, "queries", 20, "that each of them runs, and payments that each writer books")
	flag.IntVar(&o.writers, "writers", 8, "connections that write")
	flag.IntVar(&o.rows, "rows", 40000, "in the database")
	flag.Parse()
	db := open(o.db)
	defer db.close()
	db.exec(forgetPayments)

	s := &scene{o: o, rates: newExchange(), rows: make(chan row, 1024)}
	over, most := make(chan struct{}), make(chan int)
	start := time.Now()
	go s.beat(over, most)
	rows, sum := s.run()
	seconds := time.Since(start).Seconds()
	close(over)
	fmt.Printf("{\"seconds\": %.3f, \"rows/s\": %.0f, \"threads\": %d, \"sum\": \"%016x\"}\n", seconds,
		float64(rows)/seconds, <-most, sum+sumOfPayments(db))
}
