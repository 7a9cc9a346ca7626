package p

import (
	"errors"
	"net/http"
	"os"
)

var errLocked = errors.New("locked")

func lock(fd uintptr) error {
	if fd == 0 {
		return errLocked
	}
	return nil
}

// The error is looked at by the first case of a switch.
func open(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0o600)
	switch {
	case err == nil:
		if err := lock(f.Fd()); err != nil {
			f.Close()
			return nil, errLocked
		}
		return f, nil
	case os.IsNotExist(err):
		return nil, errors.New("missing")
	}
	return nil, err
}

// What is told of the response is the same once its body is closed.
func fetch(client *http.Client, url string) (*http.Response, error) {
	resp, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		println("not found")
		resp.Body.Close()
		return nil, errors.New(resp.Status)
	}
	return resp, nil
}
