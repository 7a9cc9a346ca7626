// Package pgxpool declares what the shapes use of the package of this path.
package pgxpool

import (
	"context"

	"github.com/jackc/pgx/v5"
)

type Pool struct{ conns chan struct{} }

func (p *Pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	p.conns <- struct{}{}
	return &rows{p}, ctx.Err()
}

type rows struct{ p *Pool }

func (r *rows) Close()                 { <-r.p.conns }
func (r *rows) Err() error             { return nil }
func (r *rows) Next() bool             { return false }
func (r *rows) Scan(dest ...any) error { return nil }
