package p

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Variables of interfaces that cannot release what they hold.
func source(name string) (io.Reader, error) {
	if name == "" {
		return bytes.NewReader(nil), nil
	}
	return os.Open(name)
}

func download(url string) (io.Reader, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func send(r io.Reader) error {
	_, err := io.Copy(os.Stdout, r)
	return err
}

func show(name string, numbered bool) error {
	r, err := source(name)
	if err != nil {
		return err
	}
	if closer, ok := r.(io.Closer); ok {
		defer closer.Close()
	}
	if numbered {
		r = io.LimitReader(r, 1<<20)
	}
	return send(r)
}

func save(url, name string) (string, error) {
	switch {
	case url != "":
		r, err := download(url)
		if err != nil {
			return "", fmt.Errorf("download: %w", err)
		}
		if closer, ok := r.(io.Closer); ok {
			defer closer.Close()
		}
		if err := send(r); err != nil {
			return "", err
		}
		name = url
	}
	return name, nil
}

type keeper struct{ r io.ReadSeeker }

func (k *keeper) Close() error {
	if c, ok := k.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func keep(name string) (*keeper, error) {
	var r io.ReadSeeker
	var err error
	r, err = os.Open(name)
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekEnd); err != nil {
		if closer, ok := r.(io.Closer); ok {
			closer.Close()
		}
		return nil, err
	}
	return &keeper{r: r}, nil
}

func count(p string) (int64, error) {
	var layer io.Reader
	var err error
	layer, err = os.Open(p)
	if err != nil {
		return 0, err
	}
	if closer, ok := layer.(io.Closer); ok {
		defer closer.Close()
	}
	return io.Copy(io.Discard, layer)
}
