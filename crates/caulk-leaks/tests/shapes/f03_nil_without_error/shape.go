// Package f03 opens what may be nil although there is no error, and asks what says so.
package f03

import (
	"errors"
	"io"
	"net/url"
	"os"
)

var errGone = errors.New("gone")

func locate(p string) *url.URL { return nil }

// open gives either the content or where it is to be had.
func open(p string) (*os.File, *url.URL, error) {
	var f *os.File
	var err error
	u := locate(p)
	if u == nil {
		f, err = os.Open(p)
	}
	if err != nil {
		return nil, nil, err
	}
	return f, u, nil
}

func openAgain(p string) (*os.File, *url.URL, error) {
	if p == "" {
		return nil, nil, errGone
	}
	return open(p)
}

func serve(w io.Writer, f *os.File, u *url.URL) {
	if u != nil {
		io.WriteString(w, u.String())
		return
	}
	defer f.Close()
	io.Copy(w, f)
}

func handedOn(w io.Writer, p string) error {
	f, u, err := openAgain(p) // ok
	if err != nil {
		return err
	}
	serve(w, f, u)
	return nil
}

func asksTheOther(w io.Writer, p string) error {
	f, u, err := open(p) // ok
	if err != nil {
		return err
	}
	if u != nil {
		return nil
	}
	defer f.Close()
	io.Copy(w, f)
	return nil
}

func asksNothing(w io.Writer, p string) error {
	f, _, err := open(p) // want leak
	if err != nil {
		return err
	}
	io.Copy(w, f)
	return nil
}

type page struct{ done bool }

func (p *page) written() bool { return p.done }

// edit tells the page about an error, and returns nil.
func edit(p *page, name string) (*os.File, int) {
	f, err := os.Open(name)
	if err != nil {
		p.done = true
		return nil, 0
	}
	return f, 1
}

func asksThePage(p *page) {
	f, _ := edit(p, "a") // ok
	if p.written() {
		return
	}
	defer f.Close()
	io.Copy(io.Discard, f)
}

func forgetsAfterUse(p *page) {
	f, _ := edit(p, "a") // want leak
	if p.written() {
		return
	}
	if _, err := f.Stat(); err != nil {
		return
	}
	f.Close()
}

func testsIt(p *page) {
	f, _ := edit(p, "a") // want leak
	if f == nil {
		return
	}
	if p.written() {
		return
	}
	f.Close()
}
