// Package shape: database/sql rolls a transaction back when its context ends.
package shape

import (
	"context"
	"database/sql"
	"time"
)

func endedByContext(p context.Context, db *sql.DB, d time.Duration) error {
	ctx, cancel := context.WithTimeout(p, d)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil) // ok
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "delete from t"); err != nil {
		return err
	}
	return tx.Commit()
}

func endedByCancel(p context.Context, db *sql.DB) error {
	ctx, cancel := context.WithCancel(p)
	defer cancel()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // ok
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "select 1")
	return err
}

func background(db *sql.DB) error {
	tx, err := db.BeginTx(context.Background(), nil) // want leak /unfinished-transaction/
	if err != nil {
		return err
	}
	if _, err := tx.Exec("delete from t"); err != nil {
		return err
	}
	return tx.Commit()
}

func begin(db *sql.DB) error {
	tx, err := db.Begin() // want leak /unfinished-transaction/
	if err != nil {
		return err
	}
	if _, err := tx.Exec("delete from t"); err != nil {
		return err
	}
	return tx.Commit()
}
