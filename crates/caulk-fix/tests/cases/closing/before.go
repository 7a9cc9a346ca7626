package p

import (
	"errors"
	"net"
)

type server struct{ quit chan struct{} }

func (s *server) serve(conn net.Conn) error { return nil }

func (s *server) receive(conn net.Conn) error {
	finished := make(chan struct{})
	go func() { // review: the goroutine goes on where this function leaves
		select {
		case <-s.quit:
		case <-finished:
		}
		conn.Close()
	}()
	return s.serve(conn)
}

func write(int) {}

func collect(values <-chan int) error {
	changed := make(chan int, 1)
	go func() { // review: the goroutine goes on where this function leaves
		for value := range changed {
			write(value)
		}
	}()
	for value := range values {
		if value < 0 {
			return errors.New("negative")
		}
		if len(changed) == 0 {
			changed <- value
		}
	}
	return nil
}

func closedElsewhere(values <-chan int) error {
	changed := make(chan int, 1)
	go func() { // refused: who closes the channel is for its senders to decide: close it behind the last send, or let the goroutine watch a context too
		for value := range changed {
			write(value)
		}
	}()
	for value := range values {
		if value < 0 {
			return errors.New("negative")
		}
		changed <- value
	}
	close(changed)
	return nil
}
