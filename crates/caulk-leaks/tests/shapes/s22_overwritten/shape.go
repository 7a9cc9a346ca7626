// Package shape: a second acquisition overwrites the variable.
package shape

import (
	"database/sql"
	"io"
	"os"
)

// The receiver was bound at the defer: the first rows are closed, the second are not.
func deferBoundEarly(db *sql.DB, a, b string) error {
	rows, err := db.Query(a) // ok
	if err != nil {
		return err
	}
	defer rows.Close()
	use(rows)
	rows, err = db.Query(b) // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	use(rows)
	return nil
}

// The literal looks at the variable when it runs: the second rows are closed, the first are not.
func literalBoundLate(db *sql.DB, a, b string) error {
	rows, err := db.Query(a) // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	defer func() {
		if rows != nil {
			rows.Close()
		}
	}()
	use(rows)
	rows, err = db.Query(b) // ok
	if err != nil {
		return err
	}
	use(rows)
	return nil
}

func deferAfterEach(db *sql.DB, a, b string) error {
	rows, err := db.Query(a) // ok
	if err != nil {
		return err
	}
	defer rows.Close()
	use(rows)
	rows, err = db.Query(b) // ok
	if err != nil {
		return err
	}
	defer rows.Close()
	use(rows)
	return nil
}

func files(paths []string) error {
	var f *os.File
	for _, p := range paths {
		var err error
		if f, err = os.Open(p); err != nil { // want leak /unclosed-file/
			return err
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			f.Close()
			return err
		}
	}
	if f != nil {
		return f.Close()
	}
	return nil
}

func shadowed(path string) error {
	f, err := os.Open(path) // want leak /unclosed-file/
	if err != nil {
		return err
	}
	{
		f, err := os.Open(path + ".old") // ok
		if err == nil {
			f.Close()
		}
	}
	_, err = f.Stat()
	return err
}

func use(rows *sql.Rows) { rows.Next() }
