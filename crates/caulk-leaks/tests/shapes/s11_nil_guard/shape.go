// Package shape: the Close stands behind a guard against nil.
package shape

import (
	"net/http"
	"os"
)

func guarded(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer func() {
		if resp != nil && resp.Body != nil {
			resp.Body.Close()
		}
	}()
	use(resp.StatusCode)
	return nil
}

func guardFirst(u string) error {
	resp, err := http.Get(u) // ok
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return err
	}
	use(resp.StatusCode)
	return nil
}

func optional(path string) error {
	var f *os.File
	if path != "" {
		var err error
		if f, err = os.Create(path); err != nil { // ok
			return err
		}
	}
	use(len(path))
	if f != nil {
		return f.Close()
	}
	return nil
}

func guardOfAnother(u, v string) error {
	a, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	b, err := http.Get(v) // ok
	defer func() {
		if b != nil {
			b.Body.Close()
		}
	}()
	use(a.StatusCode)
	return err
}

func use(int) {}
