// Package shape: a helper closes only when a flag is set.
package shape

import (
	"io"
	"net/http"
)

func maybe(rc io.Closer, on bool) {
	if on {
		rc.Close()
	}
}

func always(rc io.Closer, verbose bool) {
	if verbose {
		println("closing")
	}
	rc.Close()
}

func byFlag(u string, verbose bool) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	maybe(resp.Body, verbose)
	return nil
}

func regardless(u string, verbose bool) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	always(resp.Body, verbose)
	return nil
}

func inline(u string, verbose bool) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	if verbose {
		defer resp.Body.Close()
	}
	return nil
}

func sameFlagTwice(u string, on bool) error {
	var resp *http.Response
	if on {
		var err error
		if resp, err = http.Get(u); err != nil { // ok
			return err
		}
	}
	println(u)
	if on {
		resp.Body.Close()
	}
	return nil
}
