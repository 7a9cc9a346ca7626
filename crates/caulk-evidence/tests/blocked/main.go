// Command blocked has goroutines that wait in every way, and prints them.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

var block = make(chan int)

func send() { block <- 1 }
func ranges() {
	for range make(chan int) {
	}
}
func receive() { <-make(chan int) }
func selects() {
	select {
	case <-make(chan int):
	case <-make(chan string):
	}
}
func nilChannel() {
	var nothing chan int
	<-nothing
}
func noCases() { select {} }
func group() {
	var wait sync.WaitGroup
	wait.Add(1)
	wait.Wait()
}
func lock() {
	var mutex sync.Mutex
	mutex.Lock()
	mutex.Lock()
}
func readLock() {
	var mutex sync.RWMutex
	mutex.Lock()
	mutex.RLock()
}
func condition() {
	cond := sync.NewCond(new(sync.Mutex))
	cond.L.Lock()
	cond.Wait()
}
func sleep() { time.Sleep(time.Hour) }
func ticker() {
	for range time.NewTicker(time.Hour).C {
	}
}
func accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go read(conn)
	}
}
func read(conn net.Conn) { conn.Read(make([]byte, 1)) }

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go accept(listener)
	for _, start := range []func(){send, ranges, receive, selects, nilChannel, noCases, group, lock, readLock, condition, sleep, ticker} {
		for range 12 {
			go start()
		}
	}
	for range 12 {
		net.Dial("tcp", listener.Addr().String())
	}
	time.Sleep(200 * time.Millisecond)
	form, _ := strconv.Atoi(os.Args[1])
	pprof.Lookup("goroutine").WriteTo(os.Stdout, form)
}
