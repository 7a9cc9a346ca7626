package p

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
)

func compress(w io.Writer, data []byte) error {
	zw := gzip.NewWriter(w)
	if _, err := zw.Write(data); err != nil {
		return err
	}
	return nil
}

func compressed(data []byte) ([]byte, error) {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := zw.Write(data); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func archive(w io.Writer, data []byte) error {
	tw := tar.NewWriter(w)
	if err := tw.WriteHeader(&tar.Header{Name: "x", Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := tw.Write(data)
	return err
}

func silent(w io.Writer, data []byte) {
	zw := gzip.NewWriter(w) // refused: there is no way to return it
	zw.Write(data)
}

type count int64

// The results have names, and an error that is there already goes first.
func named(w io.Writer, data []byte) (n count, err error) {
	zw := gzip.NewWriter(w)
	written, err := zw.Write(data)
	if err != nil {
		return
	}
	n = count(written)
	return
}
