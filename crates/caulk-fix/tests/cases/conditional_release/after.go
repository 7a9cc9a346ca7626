package p

import "os"

type space struct{ file *os.File }

func newSpace(path string) (*space, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &space{file: f}, nil
}

func (s *space) Close() error { return s.file.Close() }

func (s *space) Path() string { return s.file.Name() }

func enter(path string) (string, error) { return path, nil }

// Where it fails it has been closed already.
func create(path string) (name, in string, failed error) {
	s, err := newSpace(path) // refused: a deferred release depends on a condition
	if err != nil {
		return "", "", err
	}
	defer func() {
		if failed != nil {
			s.Close()
		}
	}()
	in, err = enter(s.Path())
	return s.Path(), in, err
}

// The deferred release is there on every way behind it.
func open(path string) error {
	s, err := newSpace(path)
	if err != nil {
		return err
	}
	if _, err := enter(s.Path()); err != nil {
		s.Close()
		return err
	}
	defer func() {
		if err := s.Close(); err != nil {
			println(err.Error())
		}
	}()
	_, err = enter(s.Path())
	return err
}
