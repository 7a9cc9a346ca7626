// Package shape: a helper, in another package or this one, closes the body.
package shape

import (
	"io"
	"net/http"

	"example.com/shapes/s01_helper_elsewhere/ioutilx"
)

func otherPackage(c *http.Client, r *http.Request) error {
	resp, err := c.Do(r) // ok
	if err != nil {
		return err
	}
	defer ioutilx.CloseQuietly(resp.Body)
	use(resp.StatusCode)
	return nil
}

func wholeResponse(c *http.Client, r *http.Request) error {
	resp, err := c.Do(r) // ok
	if err != nil {
		return err
	}
	defer ioutilx.Finish(resp)
	use(resp.StatusCode)
	return nil
}

func variadicGeneric(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer ioutilx.CloseAll(resp.Body)
	use(resp.StatusCode)
	return nil
}

func methodOfHelper(u string, l ioutilx.Closer) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer l.Close(resp.Body)
	use(resp.StatusCode)
	return nil
}

func samePackage(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer finish(resp)
	use(resp.StatusCode)
	return nil
}

func finish(resp *http.Response) {
	drain(resp)
	_ = resp.Body.Close()
}

func onlyDrained(u string) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	if err != nil {
		return err
	}
	defer drain(resp)
	use(resp.StatusCode)
	return nil
}

func drain(resp *http.Response) {
	_, _ = io.Copy(io.Discard, resp.Body)
}

func use(int) {}
