package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/secret-proxy/secret"
)

type keys map[string][]byte

func (k keys) Fetch(_ context.Context, name string) ([]byte, error) {
	key, ok := k[name]
	if !ok {
		return nil, fmt.Errorf("%w: %s", secret.ErrNotFound, name)
	}
	return key, nil
}

func TestRoutes(t *testing.T) {
	h := New(keys{cronKey: []byte("k")}, time.Minute, slog.New(slog.DiscardHandler)).Handler()
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/healthz", "", http.StatusNoContent},
		{"POST", "/v0/cron", `{"job": "nightly"}`, http.StatusOK},
		{"POST", "/v0/cron", `{}`, http.StatusBadRequest},
		{"POST", "/v0/cron", `{"job"`, http.StatusBadRequest},
		{"GET", "/v0/cron", "", http.StatusMethodNotAllowed},
		{"POST", "/v0/run", `{"job": "nightly"}`, http.StatusBadRequest},
		{"POST", "/v0/run", `{"job": "nightly", "actor": "ada"}`, http.StatusServiceUnavailable},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(tc.method, tc.path, strings.NewReader(tc.body)))
		if rec.Code != tc.want {
			t.Errorf("%s %s %s: got %d, want %d", tc.method, tc.path, tc.body, rec.Code, tc.want)
		}
	}
}
