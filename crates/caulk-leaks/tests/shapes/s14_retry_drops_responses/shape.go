// Package shape: a loop tries again and drops the earlier responses.
package shape

import (
	"io"
	"net/http"
)

func retry(c *http.Client, q *http.Request) (*http.Response, error) {
	for {
		r, err := c.Do(q) // want leak /unclosed-response-body/
		if err == nil && r.StatusCode == http.StatusServiceUnavailable {
			continue
		}
		return r, err
	}
}

func lastOfMany(c *http.Client, q *http.Request) (resp *http.Response, err error) {
	for range 3 {
		resp, err = c.Do(q) // want leak /unclosed-response-body/
		if err == nil && resp.StatusCode < 500 {
			break
		}
	}
	return resp, err
}

func closesOnRetry(c *http.Client, q *http.Request) (*http.Response, error) {
	for {
		r, err := c.Do(q) // ok
		if err != nil {
			return nil, err
		}
		if r.StatusCode == http.StatusServiceUnavailable {
			_, _ = io.Copy(io.Discard, r.Body)
			r.Body.Close()
			continue
		}
		return r, nil
	}
}

func onlyErrorsAreRetried(c *http.Client, q *http.Request) (*http.Response, error) {
	var last error
	for range 3 {
		r, err := c.Do(q) // ok
		if err != nil {
			last = err
			continue
		}
		return r, nil
	}
	return nil, last
}

func waitUntilUp(u string) {
	for {
		resp, err := http.Get(u) // want leak /unclosed-response-body/
		if err == nil && resp.StatusCode == http.StatusOK {
			return
		}
	}
}
