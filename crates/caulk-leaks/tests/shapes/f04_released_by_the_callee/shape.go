// Package f04 gets values whose maker has released them, or gives them to an owner as well.
package f04

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
)

// temporary returns a file for its name: it is closed.
func temporary(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "x")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f, nil
}

func named(dir string) (string, error) {
	f, err := temporary(dir) // ok
	if err != nil {
		return "", err
	}
	return f.Name(), nil
}

// kept is closed where something fails, and only there.
func kept(dir string) (_ *os.File, err error) {
	f, err := os.CreateTemp(dir, "x")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if _, err := f.WriteString("x"); err != nil {
		return nil, err
	}
	return f, nil
}

func forgetsKept(dir string) (string, error) {
	f, err := kept(dir) // want leak
	if err != nil {
		return "", err
	}
	return f.Name(), nil
}

type segment struct {
	f *os.File
	r *bufio.Reader
}

func (s *segment) Close() error { return s.f.Close() }

// both gives the file and what owns it.
func both(p string) (*os.File, *segment) {
	f, err := os.Open(p)
	if err != nil {
		panic(err)
	}
	return f, &segment{f: f, r: bufio.NewReader(f)}
}

func closesTheOwner() (os.FileInfo, error) {
	f, s := both("x") // ok
	defer s.Close()
	return f.Stat()
}

type box struct {
	stop atomic.Pointer[func(error)]
}

func (b *box) Close(err error) { (*b.stop.Load())(err) }

func newBox(ctx context.Context) *box {
	ctx, cancel := context.WithCancelCause(ctx) // ok
	b := &box{}
	b.stop.Store(new(func(err error) { cancel(err) }))
	go func() { <-ctx.Done() }()
	return b
}

func status(code int) error {
	if code == 404 {
		return os.ErrNotExist
	}
	return errors.New("status")
}

// fetch closes the body where it returns an error.
func fetch(u string) (_ *http.Response, _ int64, failed error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if failed != nil {
			resp.Body.Close()
		}
	}()
	if resp.StatusCode != http.StatusOK {
		return nil, 0, status(resp.StatusCode)
	}
	return resp, resp.ContentLength, nil
}

// sealed wraps a request, whose body is for whoever sends it to close.
type sealed struct{ *http.Request }

type sealer interface {
	Seal(u string) (*sealed, error)
}

func sends(s sealer) error {
	q, err := s.Seal("http://localhost/") // ok
	if err != nil {
		return err
	}
	q.Header.Set("A", "b")
	return nil
}

// answer closes the body unless it returns it.
func answer(u string) (code int, body io.ReadCloser, _ error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return 0, nil, err
	}
	defer func() {
		if body == nil {
			resp.Body.Close()
		}
	}()
	if resp.StatusCode == http.StatusOK {
		body = resp.Body
	}
	return resp.StatusCode, body, nil
}

func once(ctx context.Context) {
	var once sync.Once
	ctx, cancel := context.WithCancel(ctx) // ok
	defer func() { once.Do(cancel) }()
	<-ctx.Done()
}

func fill(f **os.File) { *f = os.Stdout }

func filledThroughItsAddress(p string) error {
	var out *os.File
	in, err := os.Open(p) // want leak
	if err != nil {
		return err
	}
	fill(&out)
	if out != nil {
		return nil
	}
	return in.Close()
}

type code int

func (c code) Error() string { return "code" }

func check(f *os.File) code { return 0 }

// checked closes what it opens where it returns a code, which makes an error that is not nil.
func checked(p string) (_ *os.File, failed error) {
	f, err := os.Open(p) // ok
	if err != nil {
		return nil, err
	}
	defer func() {
		if failed != nil {
			f.Close()
		}
	}()
	if c := check(f); c != 0 {
		return nil, c
	}
	return f, nil
}
