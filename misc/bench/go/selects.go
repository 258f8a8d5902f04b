// SPDX-License-Identifier: BSD-3-Clause

package main

func select2(n int) {
	a, b := make(chan int64, 1), make(chan int64, 1)
	a <- 0
	for i := 0; i < n; i++ {
		select {
		case v := <-a:
			b <- v + 1
		case v := <-b:
			a <- v + 1
		}
	}
	v := int64(0)
	select {
	case v = <-a:
	case v = <-b:
	}
	if v != int64(n) {
		fail("the selects do not add up")
	}
}

func select2Blocking(n int) {
	there, back, over := make(chan int64), make(chan int64), make(chan int64)
	ended := make(chan struct{})
	go func() {
		for more := true; more; {
			select {
			case v := <-there:
				back <- v + 1
			case <-over:
				more = false
			}
		}
		close(ended)
	}()
	v := int64(0)
	for i := 0; i < n; i++ {
		there <- v
		select {
		case v = <-back:
		case <-over:
		}
	}
	close(over)
	<-ended
	if v != int64(n) {
		fail("the round trips do not add up")
	}
}

func addSelects() {
	add("select2", 1, select2)
	add("select2_blocking", 1, select2Blocking)
}
