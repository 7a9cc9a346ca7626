// Package shape: the value goes to somebody who closes it.
package shape

import (
	"bufio"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"os"
)

func sent(p string, out chan<- *os.File) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	out <- f
	return nil
}

func sentOrClosed(p string, out chan<- *os.File, done <-chan struct{}) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	select {
	case out <- f:
		return nil
	case <-done:
		return f.Close()
	}
}

func sentOrForgotten(p string, out chan<- *os.File, done <-chan struct{}) error {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	select {
	case out <- f:
	case <-done:
	}
	return nil
}

func acceptLoop(ln net.Listener) error {
	for {
		conn, err := ln.Accept() // ok
		if err != nil {
			return err
		}
		go serve(conn)
	}
}

func serve(conn net.Conn) {
	defer conn.Close()
	_, _ = io.Copy(conn, conn)
}

func acceptAndForget(ln net.Listener) error {
	for {
		conn, err := ln.Accept() // want leak /unclosed-connection/
		if err != nil {
			return err
		}
		go greet(conn)
	}
}

func greet(conn net.Conn) {
	_, _ = io.WriteString(conn, "hello\n")
}

func server(h http.Handler) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // ok
	if err != nil {
		return err
	}
	return http.Serve(ln, h)
}

func requestBody(c *http.Client, u, p string) error {
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	resp, err := c.Post(u, "text/plain", f) // ok
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// A gzip reader holds nothing of its own; the file below it does.
func unzipped(p string) ([]byte, error) {
	f, err := os.Open(p) // ok
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f) // want leak /unclosed-reader/
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func onlyOuterClosed(p string) ([]byte, error) {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bufio.NewReader(f)) // ok
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}

// Half of it is closed where that can be told apart.
func closeStreams(streams ...any) {
	for _, stream := range streams {
		if half, ok := stream.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		} else if closer, ok := stream.(io.Closer); ok {
			_ = closer.Close()
		}
	}
}

func byDynamicType(h http.Hijacker) error {
	conn, _, err := h.Hijack() // ok
	if err != nil {
		return err
	}
	defer closeStreams(conn)
	_, err = io.WriteString(conn, "hello\n")
	return err
}

// A helper returns what it opened and how to close it.
func scratch(dir string) (*os.File, func(), error) {
	f, err := os.CreateTemp(dir, "scratch") // ok
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}

func withScratch(dir string) error {
	f, cleanup, err := scratch(dir) // ok
	if err != nil {
		return err
	}
	defer cleanup()
	_, err = f.WriteString("hello\n")
	return err
}

type spool struct{ file *os.File }

func (s *spool) Shutdown() error { return s.file.Close() }

func newSpool(dir string) (*spool, func()) {
	f, err := os.CreateTemp(dir, "spool") // ok
	if err != nil {
		panic(err)
	}
	s := &spool{file: f}
	return s, func() { _ = s.Shutdown() }
}

func withSpool(dir string) error {
	s, cleanup := newSpool(dir) // ok
	defer cleanup()
	_, err := s.file.WriteString("hello\n")
	return err
}

func onlyOneType(file *os.File) (*net.TCPListener, error) {
	ln, err := net.FileListener(file) // want leak /unclosed-connection/
	if err != nil {
		return nil, err
	}
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return nil, net.ErrClosed
	}
	return tcp, nil
}

func writable(conn net.Conn) bool {
	_, ok := conn.(io.ReaderFrom)
	return ok
}

func onlyAskedForType(addr string) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr) // want leak /unclosed-connection/
	if err != nil {
		return nil, err
	}
	if !writable(conn) {
		return nil, net.ErrClosed
	}
	return conn, nil
}
