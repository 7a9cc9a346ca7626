// Package shape: the body is returned, so that the caller owes the Close.
package shape

import (
	"bufio"
	"io"
	"net/http"
)

func open(u string) (io.ReadCloser, error) {
	r, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

func namedResult(c *http.Client, r *http.Request) (body io.ReadCloser, err error) {
	resp, err := c.Do(r) // ok
	if err != nil {
		return
	}
	body = resp.Body
	return
}

type stream struct {
	*bufio.Reader
	io.Closer
}

func wrapped(u string) (io.ReadCloser, error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	return stream{bufio.NewReader(resp.Body), resp.Body}, nil
}

func callerCloses(u string) ([]byte, error) {
	rc, err := open(u) // ok
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

func callerForgets(u string) ([]byte, error) {
	rc, err := open(u) // want leak
	if err != nil {
		return nil, err
	}
	return io.ReadAll(rc)
}

func callerForgetsNamed(c *http.Client, r *http.Request) ([]byte, error) {
	rc, err := namedResult(c, r) // want leak
	if err != nil {
		return nil, err
	}
	return io.ReadAll(rc)
}

type client struct{ http http.Client }

func (c *client) open(u string) (io.ReadCloser, error) {
	resp, err := c.http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func (c *client) size(u string) (int64, error) {
	rc, err := c.open(u) // want leak
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, rc)
}

func readerOnly(u string) (io.Reader, error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	// A caller can still close it by a type assertion: handed on, not lost here.
	return resp.Body, nil
}
