package p

import (
	"errors"
	"io"
	"os"
)

// What reads from the file goes to the caller with the file itself, who closes that.
func piece(name string, from, length int64) (io.Reader, io.Closer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	if length < 0 {
		return nil, nil, errors.New("no such piece")
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, nil, err
	}
	return io.LimitReader(f, length), f, nil
}
