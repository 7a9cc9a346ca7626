// Package shape: the last that sees the rows is a function that does not close them.
package shape

import (
	"database/sql"
	"fmt"
)

func printAll(rows *sql.Rows) {
	for rows.Next() {
		var x int
		if err := rows.Scan(&x); err != nil {
			return
		}
		fmt.Println(x)
	}
}

func printAndClose(rows *sql.Rows) {
	defer rows.Close()
	printAll(rows)
}

// printToEnd only leaves its loop when Next says false, which closes the rows.
func printToEnd(rows *sql.Rows) {
	for rows.Next() {
		var x int
		if err := rows.Scan(&x); err == nil {
			fmt.Println(x)
		}
	}
}

func passed(db *sql.DB, s string) error {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	printAll(rows)
	return nil
}

func passedToCloser(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	printAndClose(rows)
	return nil
}

func passedToEnd(db *sql.DB, s string) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	printToEnd(rows)
	return nil
}

type printer struct{ n int }

func (p *printer) count(rows *sql.Rows) bool {
	p.n++
	return rows.Next()
}

func passedToMethod(db *sql.DB, s string, p *printer) error {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	p.count(rows)
	return nil
}
