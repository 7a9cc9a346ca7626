package p

import (
	"database/sql"
	"errors"
	"os"
)

// What looks at the error of the rows is one more exit that loses the file.
func beside(db *sql.DB, name string, stop bool) (int, error) {
	n := 0
	if f, err := os.Open(name); err == nil {
		rows, err := db.Query("SELECT 1 FROM users")
		if err != nil {
			f.Close()
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				f.Close()
				return 0, err
			}
		}
		if err := rows.Err(); err != nil {
			f.Close()
			return 0, err
		}
		f.Close()
		if stop {
			return 0, errors.New("stopped")
		}
		n++
	}
	return n, nil
}
