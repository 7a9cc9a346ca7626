package p

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A body that is handed on when all goes well, and lost in many other ways.
func read(url string) (io.Reader, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 500 {
		return nil, errors.New("server")
	}
	length := resp.Header.Get("Content-Length")
	if length == "" {
		return nil, errors.New("no length")
	}
	n, err := strconv.Atoi(length)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, errors.New("negative")
	}
	if n > 1<<20 {
		return nil, errors.New("large")
	}
	kind := resp.Header.Get("Content-Type")
	if kind == "" {
		return nil, errors.New("no type")
	}
	if strings.HasPrefix(kind, "image/") {
		return nil, errors.New("image")
	}
	return resp.Body, nil
}

type page struct {
	body io.ReadCloser
}

func (p *page) open(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 500 {
		return errors.New("server")
	}
	if resp.StatusCode >= 400 {
		return errors.New("client")
	}
	if resp.StatusCode >= 300 {
		return errors.New("moved")
	}
	if resp.StatusCode < 200 {
		return errors.New("early")
	}
	if resp.ContentLength < 0 {
		return errors.New("no length")
	}
	if resp.ContentLength > 1<<20 {
		return errors.New("large")
	}
	if resp.Header.Get("Content-Type") == "" {
		return errors.New("no type")
	}
	p.body = resp.Body
	return nil
}
