// Package shape: the resource is thrown away where it is acquired.
package shape

import (
	"context"
	"database/sql"
	"net/http"
	"os"
)

func blank(u string) error {
	_, err := http.Get(u) // want leak /unclosed-response-body/
	return err
}

func bothBlank(u string) {
	_, _ = http.Get(u) // want leak /unclosed-response-body/
}

func statement(c *http.Client, r *http.Request) {
	c.Do(r) // want leak /unclosed-response-body/
}

func blankLater(u string) error {
	resp, err := http.Get(u) // want leak /unclosed-response-body/
	_ = resp
	return err
}

func file(p string) bool {
	_, err := os.Create(p) // want leak /unclosed-file/
	return err == nil
}

func update(ctx context.Context, db *sql.DB) error {
	_, err := db.QueryContext(ctx, "update t set x = 1") // want leak /unclosed-rows/
	return err
}

func condition(u string) bool {
	if _, err := http.Get(u); err != nil { // want leak /unclosed-response-body/
		return false
	}
	return true
}

func result(db *sql.DB) error {
	_, err := db.Exec("update t set x = 1") // ok
	return err
}
