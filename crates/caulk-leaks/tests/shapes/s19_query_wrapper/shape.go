// Package shape: a wrapper returns the rows of a query as they are.
package shape

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type Q struct {
	tx   pgx.Tx
	pool *pgxpool.Pool
}

func (q Q) Run(ctx context.Context, s string) (pgx.Rows, error) {
	if q.tx != nil {
		return q.tx.Query(ctx, s) // ok
	}
	return q.pool.Query(ctx, s) // ok
}

func (q Q) closed(ctx context.Context) error {
	rows, err := q.Run(ctx, "select 1") // ok
	if err != nil {
		return err
	}
	defer rows.Close()
	rows.Next()
	return rows.Err()
}

func (q Q) forgotten(ctx context.Context) error {
	rows, err := q.Run(ctx, "select 1") // want leak /unclosed-rows/
	if err != nil {
		return err
	}
	rows.Next()
	return rows.Err()
}

type store struct{ db *sql.DB }

func (s *store) all(ctx context.Context, table string) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, "select id from "+table) // ok
}

func (s *store) has(ctx context.Context, table string) (bool, error) {
	rows, err := s.all(ctx, table) // want leak /unclosed-rows/
	if err != nil {
		return false, err
	}
	return rows.Next(), nil
}

func (s *store) hasClosed(ctx context.Context, table string) (bool, error) {
	rows, err := s.all(ctx, table) // ok
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), nil
}
