// Package shape: a deferred closure closes the rows and looks at the error.
package shape

import (
	"database/sql"
	"errors"
	"log"
)

func logged(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); e != nil {
			log.Print(e)
		}
	}()
	return first(rows)
}

func joined(db *sql.DB, s string) (err error) {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return first(rows)
}

func statement(db *sql.DB, s string) error {
	stmt, err := db.Prepare(s) // ok
	if err != nil {
		return err
	}
	defer func() {
		if e := stmt.Close(); e != nil {
			log.Print(e)
		}
	}()
	_, err = stmt.Exec()
	return err
}

func onlyErrLogged(db *sql.DB, s string) error {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Err(); e != nil {
			log.Print(e)
		}
	}()
	return first(rows)
}

func statementForgotten(db *sql.DB, s string) error {
	stmt, err := db.Prepare(s) // want leak /unclosed-statement/
	if err != nil {
		return err
	}
	_, err = stmt.Exec()
	return err
}

func first(rows *sql.Rows) error {
	if !rows.Next() {
		return rows.Err()
	}
	var x int
	return rows.Scan(&x)
}
