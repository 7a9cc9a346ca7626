// Package shape: functions that call each other; the analysis must end.
package shape

import (
	"database/sql"
	"os"
)

func query(db *sql.DB, s string, depth int) error {
	rows, err := db.Query(s) // ok
	if err != nil {
		return err
	}
	defer rows.Close()
	return scan(db, rows, depth)
}

func scan(db *sql.DB, rows *sql.Rows, depth int) error {
	for rows.Next() {
		if depth > 0 {
			if err := query(db, "select 1", depth-1); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

func closeEven(f *os.File, n int) {
	if n == 0 {
		f.Close()
		return
	}
	closeOdd(f, n-1)
}

func closeOdd(f *os.File, n int) {
	if n == 0 {
		f.Close()
		return
	}
	closeEven(f, n-1)
}

func file(path string, n int) error {
	f, err := os.Open(path) // ok
	if err != nil {
		return err
	}
	closeEven(f, n)
	return nil
}

func keepReading(f *os.File, n int) int {
	if n == 0 {
		return 0
	}
	b := make([]byte, 1)
	k, _ := f.Read(b)
	return k + keepReading(f, n-1)
}

func fileForgotten(path string) (int, error) {
	f, err := os.Open(path) // want leak /unclosed-file/
	if err != nil {
		return 0, err
	}
	return keepReading(f, 3), nil
}
