// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"io"
	"net"
	"sync"
)

const messageSize = 64

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func echo(c net.Conn) {
	var m [messageSize]byte
	for {
		n, err := c.Read(m[:])
		if err == io.EOF {
			break
		}
		must(err)
		_, err = c.Write(m[:n])
		must(err)
	}
	must(c.Close())
}

func roundTrip(c net.Conn, k int) {
	var sent, got [messageSize]byte
	for i := range sent {
		sent[i] = byte(k)
	}
	_, err := c.Write(sent[:])
	must(err)
	_, err = io.ReadFull(c, got[:])
	must(err)
	if got != sent {
		fail("an echo is not what was sent")
	}
}

// The making of the connections is not measured.
func tcpEcho(name string, connections int) func(n int) {
	return func(n int) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		var server, all sync.WaitGroup
		clients := make([]net.Conn, connections)
		for i := range clients {
			clients[i], err = net.Dial("tcp", listener.Addr().String())
			must(err)
			c, err := listener.Accept()
			must(err)
			server.Add(1)
			go func() {
				echo(c)
				server.Done()
			}()
		}
		took := stopwatch{}
		took.start()
		all.Add(connections)
		for i, c := range clients {
			c, share := c, n*(i+1)/connections-n*i/connections
			go func() {
				for k := 0; k < share; k++ {
					roundTrip(c, k)
				}
				all.Done()
			}()
		}
		all.Wait()
		took.stop()
		counters[name] = took.perOperation(n)
		for _, c := range clients {
			must(c.Close())
		}
		server.Wait()
		must(listener.Close())
	}
}

func addSockets() {
	add("tcp_echo_1", 2, tcpEcho("tcp_echo_1", 1))
	add("tcp_echo_100", 2, tcpEcho("tcp_echo_100", 100))
}
