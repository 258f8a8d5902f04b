// SPDX-License-Identifier: BSD-3-Clause

package main

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>

extern int goRow(void*, int, char**, char**);
extern int goBusy(void*, int);
extern void goRate(sqlite3_context*, int, sqlite3_value**);

// What cgo cannot write: function pointers, a handle as a void*, and a macro that is a cast.
static int exec_rows(sqlite3* db, const char* sql, uintptr_t handle) {
	return sqlite3_exec(db, sql, goRow, (void*)handle, NULL);
}
static int on_busy(sqlite3* db, uintptr_t handle) { return sqlite3_busy_handler(db, goBusy, (void*)handle); }
static int define_rate(sqlite3* db, uintptr_t handle) {
	return sqlite3_create_function_v2(db, "rate", 1, SQLITE_UTF8, (void*)handle, goRate, NULL, NULL, NULL);
}
static int bind_text(sqlite3_stmt* s, int at, const char* text, int length) {
	return sqlite3_bind_text(s, at, text, length, SQLITE_TRANSIENT);
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime/cgo"
	"strconv"
	"unsafe"
)

func fail(what ...interface{}) {
	fmt.Fprintln(os.Stderr, append([]interface{}{"sqlite_pipeline_go:"}, what...)...)
	os.Exit(1)
}

// A connection belongs to one goroutine.
type connection struct {
	db      *C.sqlite3
	handles []cgo.Handle
}

func open(path string) *connection {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	c := &connection{}
	c.expect(C.sqlite3_open_v2(name, &c.db, C.SQLITE_OPEN_READWRITE|C.SQLITE_OPEN_NOMUTEX, nil), "opening "+path)
	return c
}

func (c *connection) close() {
	C.sqlite3_close_v2(c.db)
	for _, h := range c.handles {
		h.Delete()
	}
}

func (c *connection) expect(code C.int, doing string) {
	if code != C.SQLITE_OK && code != C.SQLITE_DONE {
		fail(doing+":", C.GoString(C.sqlite3_errmsg(c.db)))
	}
}

func (c *connection) handle(value interface{}) C.uintptr_t {
	h := cgo.NewHandle(value)
	c.handles = append(c.handles, h)
	return C.uintptr_t(h)
}

func (c *connection) exec(sql string) {
	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	c.expect(C.sqlite3_exec(c.db, text, nil, nil, nil), sql)
}

// onRow for each row of the result, whose columns are whole numbers.
func (c *connection) query(sql string, onRow func(values []int64)) {
	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	h := cgo.NewHandle(onRow)
	defer h.Delete()
	c.expect(C.exec_rows(c.db, text, C.uintptr_t(h)), sql)
}

//export goRow
func goRow(h unsafe.Pointer, columns C.int, values, _ **C.char) C.int {
	var numbers [8]int64
	for i, text := range unsafe.Slice(values, int(columns)) {
		n, err := strconv.ParseInt(C.GoString(text), 10, 64)
		if err != nil {
			fail("a result:", err)
		}
		numbers[i] = n
	}
	cgo.Handle(uintptr(h)).Value().(func([]int64))(numbers[:columns])
	return 0
}

// wait(times): called when the file is locked by somebody else; true to try again.
func (c *connection) onBusy(wait func(times int) bool) {
	c.expect(C.on_busy(c.db, c.handle(wait)), "setting the busy handler")
}

//export goBusy
func goBusy(h unsafe.Pointer, times C.int) C.int {
	if cgo.Handle(uintptr(h)).Value().(func(int) bool)(int(times)) {
		return 1
	}
	return 0
}

func (c *connection) defineRate(e *exchange) {
	c.expect(C.define_rate(c.db, c.handle(e)), "rate")
}

//export goRate
func goRate(context *C.sqlite3_context, _ C.int, arguments **C.sqlite3_value) {
	e := cgo.Handle(uintptr(C.sqlite3_user_data(context))).Value().(*exchange)
	currency := C.GoString((*C.char)(unsafe.Pointer(C.sqlite3_value_text(*arguments))))
	cents, ok := e.ask(currency)
	if !ok {
		fail("rate: nobody deals in", currency)
	}
	C.sqlite3_result_int64(context, C.sqlite3_int64(cents))
}

type statement struct {
	db  *connection
	sql string
	s   *C.sqlite3_stmt
}

func (c *connection) prepare(sql string) *statement {
	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	s := &statement{db: c, sql: sql}
	c.expect(C.sqlite3_prepare_v2(c.db, text, -1, &s.s, nil), sql)
	return s
}

func (s *statement) finalize() { C.sqlite3_finalize(s.s) }

// Runs it to its end with ?1, ?2, ... = values.
func (s *statement) run(values ...interface{}) {
	for i, value := range values {
		at := C.int(i + 1)
		switch v := value.(type) {
		case int64:
			s.db.expect(C.sqlite3_bind_int64(s.s, at, C.sqlite3_int64(v)), s.sql)
		case string:
			text := C.CString(v)
			s.db.expect(C.bind_text(s.s, at, text, C.int(len(v))), s.sql)
			C.free(unsafe.Pointer(text))
		}
	}
	s.db.expect(C.sqlite3_step(s.s), s.sql)
	s.db.expect(C.sqlite3_reset(s.s), s.sql)
}
