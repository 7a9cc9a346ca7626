package p

import "database/sql"

func names(db *sql.DB) ([]string, error) {
	rows, err := db.Query("SELECT name FROM users")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func count(db *sql.DB) (n int, err error) {
	rows, err := db.Query("SELECT 1 FROM users")
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		if n++; n > 10 {
			return
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return
}

func looked(db *sql.DB, ids []int) error {
	for _, id := range ids {
		rows, err := db.Query("SELECT name FROM users WHERE id = ?", id)
		if err != nil {
			return err
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				rows.Close()
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

func silent(db *sql.DB) bool {
	rows, err := db.Query("SELECT 1 FROM users")
	if err != nil {
		return false
	}
	defer rows.Close()
	return rows.Next()
}
