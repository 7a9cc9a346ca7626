// Package shape: several acquisitions meet in one variable, which one defer closes.
package shape

import (
	"net/http"
	"os"
)

func twoRequests(c *http.Client, a bool, q1, q2 *http.Request) error {
	var r *http.Response
	var err error
	if a {
		r, err = c.Do(q1) // ok
	} else {
		r, err = c.Do(q2) // ok
	}
	if err != nil {
		return err
	}
	defer r.Body.Close()
	use(r.StatusCode)
	return nil
}

func bySwitch(c *http.Client, kind string, q *http.Request) error {
	var r *http.Response
	var err error
	switch kind {
	case "get":
		r, err = c.Get(q.URL.String()) // ok
	case "head":
		r, err = c.Head(q.URL.String()) // ok
	default:
		r, err = c.Do(q) // ok
	}
	if err != nil {
		return err
	}
	defer r.Body.Close()
	use(r.StatusCode)
	return nil
}

func standardInputOrFile(path string) error {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil { // ok
			return err
		}
		defer f.Close()
	}
	use(int(f.Fd()))
	return nil
}

func fallback(c *http.Client, q1, q2 *http.Request) error {
	r, err := c.Do(q1) // ok
	if err != nil {
		r, err = c.Do(q2) // ok
	}
	if err != nil {
		return err
	}
	defer r.Body.Close()
	use(r.StatusCode)
	return nil
}

func oneArmReturns(c *http.Client, a bool, q1, q2 *http.Request) error {
	var r *http.Response
	var err error
	if a {
		r, err = c.Do(q1) // want leak /unclosed-response-body/
		if err == nil && r.StatusCode == http.StatusAccepted {
			return nil
		}
	} else {
		r, err = c.Do(q2) // ok
	}
	if err != nil {
		return err
	}
	defer r.Body.Close()
	use(r.StatusCode)
	return nil
}

func use(int) {}
