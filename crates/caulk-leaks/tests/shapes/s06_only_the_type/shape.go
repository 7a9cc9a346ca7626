// Package shape: a response is mentioned, but none is acquired.
package shape

import (
	"bufio"
	"net/http"
	"net/http/httputil"
)

type checker struct{ check func(*http.Response) error }

func validator(check func(*http.Response) error) *checker { return &checker{check} }

func callback() *checker {
	return validator(func(*http.Response) error { return nil }) // ok
}

func controller(w http.ResponseWriter) error {
	rc := http.NewResponseController(w) // ok
	return rc.Flush()
}

func built(code int) *http.Response {
	return &http.Response{StatusCode: code, Body: http.NoBody} // ok
}

func builtAndUsed(code int) string {
	resp := built(code) // ok
	return resp.Status
}

func modify() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{ModifyResponse: func(resp *http.Response) error { // ok
		resp.Header.Set("X-Seen", "yes")
		return nil
	}}
}

func borrowed(resp *http.Response) *bufio.Reader {
	return bufio.NewReader(resp.Body) // ok
}
