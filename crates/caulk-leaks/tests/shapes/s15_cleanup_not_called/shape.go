// Package shape: a closure that would close is built, but not called.
package shape

import (
	"net/http"
	"os"
)

func neverCalled(u string) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	closeIt := func() { resp.Body.Close() }
	_ = closeIt
	return nil
}

func calledOnOnePath(u string, quick bool) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	closeIt := func() { resp.Body.Close() }
	if quick {
		return nil
	}
	closeIt()
	return nil
}

func deferred(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	closeIt := func() { resp.Body.Close() }
	defer closeIt()
	return nil
}

func returned(path string) (*os.File, func(), error) {
	f, err := os.Open(path) // ok
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}

func onlyClosureReturned(path string) (func() error, error) {
	f, err := os.Open(path) // ok
	if err != nil {
		return nil, err
	}
	return func() error { return f.Close() }, nil
}

func methodValueNotCalled(path string) error {
	f, err := os.Open(path) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	done := f.Close
	_ = done
	return nil
}
