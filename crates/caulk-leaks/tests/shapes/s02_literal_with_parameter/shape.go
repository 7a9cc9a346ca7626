// Package shape: a function literal closes the body through a parameter of interface type.
package shape

import (
	"io"
	"log"
	"net/http"
	"os"
)

func deferred(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer func(rc io.Closer) { _ = rc.Close() }(resp.Body)
	use(resp.StatusCode)
	return nil
}

func called(u string) (int, error) {
	resp, err := http.Get(u) // ok
	if err != nil {
		return 0, err
	}
	code := resp.StatusCode
	func(rc io.Closer) {
		if err := rc.Close(); err != nil {
			log.Print(err)
		}
	}(resp.Body)
	return code, nil
}

func file(path string) error {
	f, err := os.Open(path) // ok
	if err != nil {
		return err
	}
	defer func(c io.Closer, name string) {
		if err := c.Close(); err != nil {
			log.Print(name, err)
		}
	}(f, path)
	_, err = io.Copy(io.Discard, f)
	return err
}

func parameterIgnored(u string) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	defer func(io.Closer) { log.Print("done") }(resp.Body)
	use(resp.StatusCode)
	return nil
}

func use(int) {}
