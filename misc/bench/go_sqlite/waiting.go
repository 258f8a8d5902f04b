// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"sync"
	"time"
)

// A room where goroutines wait for a call that wakes them all; file_lock.hpp of the example says for what.
type waitingRoom struct {
	lock   sync.Mutex
	calls  uint64
	called chan struct{}
}

func (r *waitingRoom) ticket() uint64 {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.calls
}

func (r *waitingRoom) waitAfter(ticket uint64) uint64 {
	r.lock.Lock()
	if r.calls != ticket {
		defer r.lock.Unlock()
		return r.calls
	}
	if r.called == nil {
		r.called = make(chan struct{})
	}
	call := r.called
	r.lock.Unlock()
	<-call
	return r.ticket()
}

func (r *waitingRoom) call() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.calls++
	if r.called != nil {
		close(r.called)
		r.called = nil
	}
}

type fileLock struct{ writerGone, readersGone waitingRoom }

// One connection's busy handler.
type lockWait struct {
	lock          *fileLock
	room          *waitingRoom
	readMeanwhile bool
	ticket        uint64
	since         time.Time
}

func (w *lockWait) expect(room *waitingRoom, readMeanwhile bool) {
	w.room, w.readMeanwhile, w.ticket = room, readMeanwhile, room.ticket()
}

func (w *lockWait) beforeReading() { w.expect(&w.lock.writerGone, false) }
func (w *lockWait) beforeWriting() { w.expect(&w.lock.writerGone, true) }
func (w *lockWait) beforeCommit()  { w.expect(&w.lock.readersGone, false) }

func (w *lockWait) busy(times int) bool {
	now := time.Now()
	if times == 0 {
		w.since = now
	}
	if now.Sub(w.since) > time.Minute {
		return false
	}
	if w.readMeanwhile {
		w.lock.readersGone.call()
	}
	w.ticket = w.room.waitAfter(w.ticket)
	return true
}

// The goroutine that knows the rates.
type question struct {
	currency string
	reply    chan int64
}

type exchange struct{ questions chan question }

func newExchange() *exchange {
	e := &exchange{make(chan question)}
	go func() {
		for q := range e.questions {
			if cents, ok := rateOf(q.currency); ok {
				q.reply <- cents
			} else {
				close(q.reply)
			}
		}
	}()
	return e
}

func (e *exchange) ask(currency string) (int64, bool) {
	reply := make(chan int64, 1)
	e.questions <- question{currency, reply}
	cents, ok := <-reply
	return cents, ok
}
