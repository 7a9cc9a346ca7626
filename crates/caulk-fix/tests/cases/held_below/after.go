package p

import (
	"errors"
	"os"
)

func prepare() error { return nil }

// The branch without an error is not the only one that has the file, and where there is one it is nil.
func open(path string) (*os.File, error) {
	f, err := os.Open(path)
	prepared := prepare()
	if err == nil {
		err = prepared
	}
	if err != nil {
		if f != nil {
			f.Close()
		}
		return nil, errors.Join(err, os.ErrInvalid)
	}
	return f, nil
}
