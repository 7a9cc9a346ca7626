// Package shape: a constructor fails after it acquired.
package shape

import (
	"errors"
	"io"
	"os"
)

type S struct{ f *os.File }

func (s *S) init() error {
	_, err := s.f.Seek(4, io.SeekStart)
	return err
}

func (s *S) Close() error { return s.f.Close() }

func lostOnError(p string) (*S, error) {
	a, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	s := &S{f: a}
	if err := s.init(); err != nil {
		return nil, err
	}
	return s, nil
}

func closedOnError(p string) (*S, error) {
	a, err := os.Open(p) // ok
	if err != nil {
		return nil, err
	}
	s := &S{f: a}
	if err := s.init(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func cannotFail(p string) (*S, error) {
	a, err := os.Open(p) // ok
	if err != nil {
		return nil, err
	}
	return &S{f: a}, nil
}

type pair struct{ a, b *os.File }

func (p *pair) Close() error { return errors.Join(p.a.Close(), p.b.Close()) }

func secondFails(p, q string) (*pair, error) {
	a, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return nil, err
	}
	b, err := os.Open(q) // ok
	if err != nil {
		return nil, err
	}
	return &pair{a, b}, nil
}

func secondFailsClosed(p, q string) (_ *pair, err error) {
	a, err := os.Open(p) // ok
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	b, err := os.Open(q) // ok
	if err != nil {
		return nil, err
	}
	return &pair{a, b}, nil
}

func method(s *S, p string) error {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	if _, err := f.Stat(); err != nil {
		return err
	}
	s.f = f
	return nil
}
