// Package shape: a wrapper returns the response that it was given.
package shape

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func generic(u string) int {
	resp := must(http.Get(u)) // ok
	defer resp.Body.Close()
	return resp.StatusCode
}

func genericForgotten(u string) int {
	resp := must(http.Get(u)) // want leak /unclosed-response-body/
	return resp.StatusCode
}

func genericFile(path string) string {
	f := must(os.Open(path)) // ok
	defer f.Close()
	return f.Name()
}

func requireOK(d time.Duration, resp *http.Response, err error) (time.Duration, *http.Response, error) {
	if err != nil {
		return d, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return d, nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return d, resp, nil
}

type client struct{ http http.Client }

func (c *client) do(q *http.Request) (time.Duration, *http.Response, error) {
	start := time.Now()
	resp, err := c.http.Do(q) // ok
	return time.Since(start), resp, err
}

func (c *client) checked(q *http.Request) (int64, error) {
	_, resp, err := requireOK(c.do(q)) // ok
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.ContentLength, nil
}

func (c *client) checkedForgotten(q *http.Request) (int64, error) {
	_, resp, err := requireOK(c.do(q)) // want leak
	if err != nil {
		return 0, err
	}
	return resp.ContentLength, nil
}

func tagged(resp *http.Response, tag string) *http.Response {
	resp.Header.Set("X-Tag", tag)
	return resp
}

func chained(u string) (int, error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return 0, err
	}
	same := tagged(resp, "a")
	defer same.Body.Close()
	return same.StatusCode, nil
}
