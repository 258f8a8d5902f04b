// SPDX-License-Identifier: BSD-3-Clause

// What misc/bench/whole/echo_gangway does, in Go.
package main

// #include "../c/bench_c.h"
import "C"

import (
	"fmt"
	"net"
	"os"
	"runtime"
)

func serve(client net.Conn) {
	defer client.Close()
	var request [64]byte
	for {
		n, err := client.Read(request[:])
		if err != nil {
			return
		}
		C.bench_sleep_us(1000)
		if _, err := client.Write(request[:n]); err != nil {
			return
		}
	}
}

func main() {
	runtime.GOMAXPROCS(2)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo_go:", err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		for {
			if client, err := listener.Accept(); err == nil {
				go serve(client)
			}
		}
	}()
	var end [1]byte
	os.Stdin.Read(end[:])
}
