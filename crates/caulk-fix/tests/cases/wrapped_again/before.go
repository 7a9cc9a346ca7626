package p

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
)

// What is made of what writes to a file writes to it as well.
type output struct {
	w  io.WriteCloser
	tw *tar.Writer
}

func (o *output) Close() error {
	if err := o.tw.Close(); err != nil {
		return err
	}
	return o.w.Close()
}

func newOutput(w io.WriteCloser) *output { return &output{w, tar.NewWriter(w)} }

func create(name string) (*output, error) {
	f, err := os.Create(name) // refused: returns what reads from it or writes to it
	if err != nil {
		return nil, err
	}
	return newOutput(gzip.NewWriter(f)), nil
}
