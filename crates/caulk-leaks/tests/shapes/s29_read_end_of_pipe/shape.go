// Package shape: one end of a pipe is forgotten.
package shape

import (
	"io"
	"net"
	"os"
)

func emit(w io.Writer) { _, _ = io.WriteString(w, "x") }

func readEnd() ([]byte, error) {
	r, w, err := os.Pipe() // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	emit(w)
	w.Close()
	return io.ReadAll(r)
}

func errorIgnored() []byte {
	r, w, _ := os.Pipe() // want leak /unclosed-file/
	emit(w)
	w.Close()
	b, _ := io.ReadAll(r)
	return b
}

func writeEnd() ([]byte, error) {
	r, w, err := os.Pipe() // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	defer r.Close()
	emit(w)
	b := make([]byte, 1)
	_, err = r.Read(b)
	return b, err
}

func both() ([]byte, error) {
	r, w, err := os.Pipe() // ok
	if err != nil {
		return nil, err
	}
	defer r.Close()
	emit(w)
	w.Close()
	return io.ReadAll(r)
}

func inMemory() ([]byte, error) {
	r, w := io.Pipe() // ok
	go func() {
		emit(w)
		w.Close()
	}()
	return io.ReadAll(r)
}

func fullDuplex() {
	a, b := net.Pipe() // ok
	go emit(a)
	_, _ = b.Read(make([]byte, 1))
	a.Close()
	b.Close()
}
