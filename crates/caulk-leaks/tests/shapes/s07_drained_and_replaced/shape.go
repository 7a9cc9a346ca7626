// Package shape: the callee reads and closes the body, and puts one in memory in its place.
package shape

import (
	"bytes"
	"io"
	"net/http"
)

func fetch(u string) (*http.Response, error) {
	r, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return r, nil
}

func caller(u string) (int, error) {
	r, err := fetch(u) // ok
	if err != nil {
		return 0, err
	}
	return r.StatusCode, nil
}

// The receiver of a deferred call is evaluated at once: the network's body is closed.
func deferredBefore(u string) (*http.Response, error) {
	r, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return r, nil
}

// The literal closes the body of the moment when it runs, which is the one in memory.
func literalTooLate(u string) ([]byte, error) {
	r, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(b))
	return b, err
}

func replacedUnclosed(u string) (*http.Response, error) {
	r, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		r.Body.Close()
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return r, nil
}
