// Package hazards loses a resource in each of its functions, none of which may
// release it when it returns: what it returns, starts or stores still needs it.
package hazards

import (
	"bufio"
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"time"
)

func rowsOf(db *sql.DB, p context.Context) (*sql.Rows, error) {
	ctx, _ := context.WithTimeout(p, time.Minute)
	return db.QueryContext(ctx, "SELECT 1")
}

func rowsVar(db *sql.DB, p context.Context) (*sql.Rows, error) {
	ctx, cancel := context.WithTimeout(p, time.Minute)
	_ = cancel
	rows, err := db.QueryContext(ctx, "SELECT 1")
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func background(p context.Context, work func(context.Context)) {
	ctx, _ := context.WithCancel(p)
	go work(ctx)
}

func background2(p context.Context, work func(context.Context)) {
	ctx, _ := context.WithCancel(p)
	go func() { work(ctx) }()
}

type holder struct{ ctx context.Context }

func stored(p context.Context) *holder {
	ctx, _ := context.WithCancel(p)
	return &holder{ctx: ctx}
}

func command(p context.Context) *exec.Cmd {
	ctx, _ := context.WithTimeout(p, time.Minute)
	return exec.CommandContext(ctx, "ls")
}

func bodyOf(c *http.Client, p context.Context) (*http.Response, error) {
	ctx, _ := context.WithTimeout(p, time.Minute)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://x", nil)
	if err != nil {
		return nil, err
	}
	return c.Do(req)
}

func server() string {
	srv := httptest.NewServer(http.NotFoundHandler())
	return srv.URL
}

func serverClient() *http.Client {
	srv := httptest.NewServer(http.NotFoundHandler())
	return srv.Client()
}

func reader(p string) (io.Reader, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	return bufio.NewReader(f), nil
}

func scanner(p string) (*bufio.Scanner, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	s := bufio.NewScanner(f)
	s.Split(bufio.ScanWords)
	return s, nil
}

func wrapped(p string) (*http.Response, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	return response(200, f), nil
}

func response(status int, body io.Reader) *http.Response {
	r := respond(body)
	r.StatusCode = status
	return r
}

func respond(body io.Reader) *http.Response {
	return &http.Response{Body: io.NopCloser(body)}
}

func keptOnSuccess(p context.Context, work func(context.Context) error) (err error) {
	ctx, cancel := context.WithCancel(p)
	defer func() {
		if err != nil {
			cancel()
		}
	}()
	return work(ctx)
}
