// Package shape: Next closes the rows when it says false; leaving the loop early does not.
package shape

import "database/sql"

func onlyWayOut(db *sql.DB, s string) ([]int, error) {
	rows, err := db.Query(s) // ok
	if err != nil {
		return nil, err
	}
	var all []int
	for rows.Next() {
		var x int
		if err := rows.Scan(&x); err == nil {
			all = append(all, x)
		}
	}
	return all, rows.Err()
}

func closedAfterLoop(db *sql.DB, s string) (int, error) {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return 0, err
	}
	var x int
	for rows.Next() {
		if err := rows.Scan(&x); err != nil {
			return 0, err
		}
	}
	rows.Close()
	return x, nil
}

func breaks(db *sql.DB, s string, limit int) (int, error) {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return 0, err
	}
	n := 0
	for rows.Next() {
		if n++; n == limit {
			break
		}
	}
	return n, nil
}

func breaksAndCloses(db *sql.DB, s string, limit int) (int, error) {
	rows, err := db.Query(s) // ok
	if err != nil {
		return 0, err
	}
	n := 0
	for rows.Next() {
		if n++; n == limit {
			break
		}
	}
	return n, rows.Close()
}

func onceWithoutLoop(db *sql.DB, s string) (x int, err error) {
	rows, err := db.Query(s) // want leak /unclosed-rows/
	if err != nil {
		return 0, err
	}
	if rows.Next() {
		err = rows.Scan(&x)
	}
	return x, err
}

func statementQuery(stmt *sql.Stmt) (bool, error) {
	rows, err := stmt.Query() // want leak /unclosed-rows/
	if err != nil {
		return false, err
	}
	return rows.Next(), nil
}
