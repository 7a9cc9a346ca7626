// Package shape: tests of the acquisition's error other than against nil.
package shape

import (
	"errors"
	"io/fs"
	"os"
)

func sentinel(paths []string) error {
	for _, p := range paths {
		f, err := os.Open(p) // ok
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		f.Close()
	}
	return nil
}

func predicate(p string) (bool, error) {
	f, err := os.Open(p) // ok
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

func typed(p string) (string, error) {
	f, err := os.Open(p) // ok
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Path, err
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	return f.Name(), nil
}

func bySwitch(p string) error {
	f, err := os.Open(p) // ok
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return f.Close()
}

func inverted(p string) string {
	f, err := os.Open(p) // ok
	if err == nil {
		defer f.Close()
		return f.Name()
	}
	return err.Error()
}

func byValue(p string) bool {
	f, err := os.Open(p) // ok
	if f == nil {
		println(err)
		return false
	}
	f.Close()
	return true
}

func otherError(p string, q string) error {
	f, err := os.Open(p) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	if err = os.Remove(q); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.Close()
}

func wantsAnError(p string) string {
	_, err := os.Open(p) // ok
	return err.Error()
}

func perhapsAnError(p string) bool {
	f, err := os.Open(p) // want leak /unclosed-file/
	missing := err != nil && err.Error() == "missing"
	_, _ = f.Stat()
	return missing
}
