// Package shape: a deferred rollback, unless a flag says committed.
package shape

import (
	"database/sql"
	"errors"
)

func flag(db *sql.DB) error {
	tx, err := db.Begin() // ok
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			tx.Rollback()
		}
	}()
	if _, err := tx.Exec("delete from t"); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	done = true
	return nil
}

func plain(db *sql.DB) error {
	tx, err := db.Begin() // ok
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("delete from t"); err != nil {
		return err
	}
	return tx.Commit()
}

func byNamedError(db *sql.DB) (err error) {
	tx, err := db.Begin() // ok
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
			return
		}
		err = tx.Commit()
	}()
	_, err = tx.Exec("delete from t")
	return err
}

func inTransaction(db *sql.DB, work func(*sql.Tx) error) error {
	tx, err := db.Begin() // ok
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func oneBranchForgotten(db *sql.DB, dry bool) error {
	tx, err := db.Begin() // want leak /unfinished-transaction/
	if err != nil {
		return err
	}
	if _, err := tx.Exec("delete from t"); err != nil {
		tx.Rollback()
		return err
	}
	if dry {
		return nil
	}
	return tx.Commit()
}
