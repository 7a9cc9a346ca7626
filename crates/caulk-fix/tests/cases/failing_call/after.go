package p

import (
	"errors"
	"os"
)

// What takes a file over leaves it where it fails.
type store struct {
	f    *os.File
	size int
}

func (s *store) Close() error { return s.f.Close() }

func newStore(f *os.File) (*store, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > 1<<20 {
		return nil, errors.New("too large")
	}
	return &store{f: f, size: int(info.Size())}, nil
}

func open(name string) (*store, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s, err := newStore(f)
	if err != nil {
		f.Close()
	}
	return s, err
}

func openFirst(names []string) (*store, error) {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		if name == "" {
			f.Close()
			continue
		}
		s, err := newStore(
			f,
		) // the first
		if err != nil {
			f.Close()
		}
		return s, err
	}
	return nil, errors.New("no file")
}

func openOrMake(name string) (store *store, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	s, err := newStore(f)
	if err != nil {
		f.Close()
	}
	return s, err
}

type keeper struct{ files []*os.File }

func (k *keeper) Close() {
	for _, f := range k.files {
		f.Close()
	}
}

func (k *keeper) take(f *os.File) error {
	if len(k.files) > 3 {
		return errors.New("full")
	}
	k.files = append(k.files, f)
	return nil
}

func (k *keeper) open(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	if err := k.take(f); err != nil {
		f.Close()
		return err
	}
	return nil
}
