// Package shape: reading fails and returns before the Close by hand.
package shape

import (
	"encoding/json"
	"io"
	"net/http"
)

func readAll(u string) ([]byte, error) {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	return b, nil
}

func decode(u string, v any) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		return err
	}
	return resp.Body.Close()
}

func closedBeforeCheck(u string) ([]byte, error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	return b, nil
}

func closedOnBoth(u string) ([]byte, error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return b, resp.Body.Close()
}
