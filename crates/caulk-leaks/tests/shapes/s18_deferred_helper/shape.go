// Package shape: a deferred helper closes the rows, given them or their method.
package shape

import (
	"database/sql"
	"io"
	"log"
)

func closeRows(rows *sql.Rows) {
	if err := rows.Close(); err != nil {
		log.Print(err)
	}
}

func closeAny(c io.Closer) { _ = c.Close() }

func ignoreErr(f func() error) { _ = f() }

func helper(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	defer closeRows(rows)
	return first(rows)
}

func helperOfInterface(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	defer closeAny(rows)
	return first(rows)
}

func methodValue(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	defer ignoreErr(rows.Close)
	return first(rows)
}

func methodValueInVariable(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	done := rows.Close
	defer done()
	return first(rows)
}

func otherMethodValue(db *sql.DB, s string) error {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	defer ignoreErr(rows.Err)
	return first(rows)
}

func first(rows *sql.Rows) error {
	if !rows.Next() {
		return rows.Err()
	}
	var x int
	return rows.Scan(&x)
}
