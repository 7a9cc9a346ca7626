// Package shape: what a recorder recorded is in memory.
package shape

import (
	"io"
	"net/http"
	"net/http/httptest"
)

func recorded(h http.HandlerFunc, q *http.Request) int {
	rec := httptest.NewRecorder()
	h(rec, q)
	got := rec.Result() // ok
	return got.StatusCode
}

func recordedBody(h http.Handler, q *http.Request) ([]byte, error) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, q)
	return io.ReadAll(rec.Result().Body) // ok
}
