package p

import (
	"database/sql"
	"errors"
)

// The type that is declared above the defer is none of its business.
func definition(db *sql.DB, name string) (string, error) {
	rows, err := db.Query("SHOW CREATE FUNCTION " + name)
	if err != nil {
		return "", err
	}
	type result struct{ text string }
	var found result
	columns, err := columnsOf(name)
	if err != nil {
		return "", err
	}
	if len(columns) != 1 {
		return "", errors.New("not one column")
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&found.text); err != nil {
			return "", err
		}
	}
	return found.text, rows.Err()
}

// What the defer closes is declared in between.
func count(db *sql.DB, name string) (int, error) {
	rows, err := db.Query("SELECT " + name)
	if err != nil {
		return 0, err
	}
	columns, err := columnsOf(name)
	if err != nil {
		return 0, err
	}
	found := rows
	defer func() {
		found.Close()
	}()
	n := len(columns)
	for found.Next() {
		n++
	}
	return n, found.Err()
}

func columnsOf(name string) ([]string, error) {
	if name == "" {
		return nil, errors.New("no name")
	}
	return []string{name}, nil
}
