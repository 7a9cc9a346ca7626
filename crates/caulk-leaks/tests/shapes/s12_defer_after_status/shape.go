// Package shape: an early return stands before the defer.
package shape

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
)

var errStatus = errors.New("bad status")

func status(u string) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errStatus
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

type api struct {
	http *http.Client
	base string
}

func (a *api) load(path string, v any) error {
	req, err := http.NewRequest(http.MethodGet, a.base+path, nil)
	if err != nil {
		return err
	}
	resp, err := a.http.Do(req) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return os.ErrNotExist
	default:
		b, _ := io.ReadAll(resp.Body)
		return errors.New(string(b))
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(v)
}

func size(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, errStatus
	}
	defer f.Close()
	return io.ReadAll(f)
}

func deferFirst(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errStatus
	}
	return nil
}

func closedOnStatus(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return errStatus
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
