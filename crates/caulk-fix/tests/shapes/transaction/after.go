package p

import "database/sql"

func move(db *sql.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE a SET n = n - 1"); err != nil {
		return err
	}
	return tx.Commit()
}
