package p

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

type walker struct {
	f     *os.File
	found func(line string) error
}

func (w *walker) walk() error {
	data, err := io.ReadAll(w.f)
	if err != nil {
		return err
	}
	return w.found(string(data))
}

var errEmpty = errors.New("empty")

// More exits lose it than read well with a release each, and no other way leads on.
func count(name string, limit int) (int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := 0
	w := &walker{f: f, found: func(text string) error {
		lines = strings.Count(text, "\n")
		return nil
	}}
	if err := w.walk(); err != nil {
		return 0, err
	}
	if lines == 0 {
		return 0, errEmpty
	}
	if lines > limit {
		return limit, nil
	}
	return lines, nil
}

// A timer that has fired on one path is no release that the others miss.
func wait(done <-chan error, start func() error) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	if err := start(); err != nil {
		return err
	}
	for {
		select {
		case <-ticker.C:
			println("waiting")
		case err := <-done:
			return err
		case <-timeout.C:
			return errEmpty
		}
	}
}
