// Package f09 looks at flags that function literals set, which run at any time or where they are called.
package f09

import (
	"io"
	"net/http"
	"os"
)

type options struct{ onLost func() }

func (o *options) dial() {}

func setByCallback(o *options, names []string) {
	var lost bool
	o.onLost = func() { lost = true }
	o.dial()
	for _, name := range names {
		if lost {
			f, err := os.Open(name) // want leak
			if err != nil {
				return
			}
			io.Copy(io.Discard, f)
		}
	}
}

func each(names []string, do func(string)) {
	for _, name := range names {
		do(name)
	}
}

func setWhileItIsCalled(names []string) error {
	f, err := os.Open("x") // want leak
	if err != nil {
		return err
	}
	found := false
	each(names, func(string) { found = true })
	if found {
		return nil
	}
	return f.Close()
}

func setWhereItIsCalled(p string) error {
	done := false
	f, err := os.Open(p) // ok
	if err != nil {
		return err
	}
	finish := func() {
		done = true
		f.Close()
	}
	finish()
	if !done {
		return f.Sync()
	}
	return nil
}

// again sends a request with the same body.
func again(c *http.Client, q *http.Request) (string, error) {
	body, err := q.GetBody() // ok
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(body)
	return string(b), err
}

func asksForTheError(open func(string) (io.ReadCloser, error)) error {
	_, err := open("") // ok
	return err
}

type listener struct{}

func (listener) accept() (*os.File, error) { return os.Open("x") }

// serve looks at an error twice; a goroutine has one of the same name.
func serve(l listener, closed func() bool) {
	for {
		f, err := l.accept() // ok
		if err != nil && closed() {
			return
		}
		if err != nil {
			continue
		}
		go func() {
			_, err = io.Copy(io.Discard, f)
			f.Close()
		}()
	}
}
