// Package shape: the release is deferred before the error is looked at. Nothing leaks, but the order is wrong.
package shape

import (
	"database/sql"
	"net/http"
	"os"
)

func body(u string) error {
	resp, err := http.Get(u) // want order /release-before-error-check/
	defer resp.Body.Close()
	if err != nil {
		return err
	}
	use(resp.StatusCode)
	return nil
}

func file(p string) error {
	f, err := os.Open(p) // want order /release-before-error-check/
	defer f.Close()
	if err != nil {
		return err
	}
	use(int(f.Fd()))
	return nil
}

func rows(db *sql.DB) error {
	rows, err := db.Query("select 1") // want order /release-before-error-check/
	defer rows.Close()
	if err != nil {
		return err
	}
	rows.Next()
	return rows.Err()
}

func right(u string) error {
	resp, err := http.Get(u) // ok
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	use(resp.StatusCode)
	return nil
}

func literalLooksFirst(p string) error {
	f, err := os.Open(p) // ok
	defer func() {
		if err == nil {
			f.Close()
		}
	}()
	if err != nil {
		return err
	}
	use(int(f.Fd()))
	return nil
}

func use(int) {}

func helperKnowsNil(u string) error {
	resp, err := http.Get(u) // ok
	defer drain(resp)
	if err != nil {
		return err
	}
	use(resp.StatusCode)
	return nil
}

func drain(resp *http.Response) {
	if resp == nil || resp.Body == nil {
		return
	}
	_ = resp.Body.Close()
}
