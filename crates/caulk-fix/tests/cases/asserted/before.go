package p

import (
	"errors"
	"io"
	"os"
)

// A variable of an interface without the release of what branches put into it.
type source interface {
	io.ReaderAt
	io.Seeker
}

type table struct {
	r    source
	size int64
}

func (t *table) Close() error {
	if closer, ok := t.r.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func newTable(r source) (*table, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if size < 16 {
		return nil, errors.New("too short")
	}
	return &table{r: r, size: size}, nil
}

func openTable(name string, writes bool) (*table, error) {
	var from source

	var err error
	if writes {
		from, err = os.Create(name)
		if err != nil {
			return nil, err
		}
	} else {
		from, err = os.Open(name)
		if err != nil {
			return nil, err
		}
	}
	return newTable(from)
}

type Input struct {
	R    io.Reader
	Name string
}

func openInput(name string) (Input, error) {
	f, err := os.Open(name)
	if err != nil {
		return Input{}, err
	}
	return Input{R: f, Name: name}, nil
}

// What is held as a reader is asked whether it can be closed.
func size(name string) (int64, error) {
	src, err := openInput(name)
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, src.R)
}

func sizeOf(name string, limit int64) (int64, error) {
	src, err := openInput(name) // refused: it is asked for its release elsewhere
	if err != nil {
		return 0, err
	}
	if limit == 0 {
		return 0, errors.New("empty")
	}
	defer func() {
		if closer, ok := src.R.(io.Closer); ok {
			closer.Close()
		}
	}()
	return io.Copy(io.Discard, src.R)
}
