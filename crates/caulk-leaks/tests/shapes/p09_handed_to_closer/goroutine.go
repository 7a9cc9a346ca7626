package shape

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
)

var errClosed = errors.New("closed")

// The goroutine that takes it over leaves early without closing it.
func takenOverAndForgotten(addr string, quit <-chan struct{}) error {
	conn, err := net.Dial("tcp", addr) // want leak /unclosed-connection/
	if err != nil {
		return err
	}
	go func() {
		b := make([]byte, 1)
		if _, err := conn.Read(b); err != nil {
			return
		}
		<-quit
		conn.Close()
	}()
	return nil
}

func takenOverAsArgument(paths <-chan string) {
	for p := range paths {
		f, err := os.Open(p) // want leak /unclosed-file/
		if err != nil {
			continue
		}
		go func(r *os.File) {
			if _, err := io.Copy(io.Discard, r); err != nil {
				return
			}
			r.Close()
		}(f)
	}
}

func takenOver(addr string) error {
	conn, err := net.Dial("tcp", addr) // ok
	if err != nil {
		return err
	}
	go func() {
		defer conn.Close()
		b := make([]byte, 1)
		if _, err := conn.Read(b); err != nil {
			return
		}
		_, _ = conn.Write(b)
	}()
	return nil
}

func takenOverByTwo(addr string, quit <-chan struct{}) error {
	conn, err := net.Dial("tcp", addr) // ok
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, conn)
	}()
	go func() {
		select {
		case <-quit:
			conn.Close()
		case <-done:
			conn.Close()
		}
	}()
	return nil
}

// The starter closes it too: the goroutine only makes it sooner.
func closedSooner(ctx context.Context, addr string) error {
	conn, err := net.Dial("tcp", addr) // ok
	if err != nil {
		return err
	}
	defer conn.Close()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-ctx.Done():
			conn.Close()
		case <-done:
		}
	}()
	_, err = io.Copy(io.Discard, conn)
	return err
}

func closedByWatcher(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr) // ok
	if err != nil {
		return nil, err
	}
	go func() {
		if ctx.Err() != nil {
			return
		}
		<-ctx.Done()
		conn.Close()
	}()
	return conn, nil
}

func nestedTakeover(addr string, quit <-chan struct{}, ready <-chan bool) error {
	conn, err := net.Dial("tcp", addr) // want leak /unclosed-connection/
	if err != nil {
		return err
	}
	go func() {
		if !<-ready {
			return
		}
		go func() {
			<-quit
			conn.Close()
		}()
	}()
	return nil
}
