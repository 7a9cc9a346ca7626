package p

import (
	"io"
	"os"
)

// A file is closed before it is removed.
func spool(r io.Reader, size int64) (*os.File, error) {
	f, err := os.CreateTemp("", "spool")
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(f, r)
	if err != nil {
		_ = os.Remove(f.Name())
		return nil, err
	}
	if n != size {
		println("short")
		os.Remove(f.Name())
		return nil, io.ErrUnexpectedEOF
	}
	return f, nil
}
