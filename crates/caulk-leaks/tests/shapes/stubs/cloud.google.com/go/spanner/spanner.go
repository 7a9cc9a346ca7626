// Package spanner declares what the shapes use of the package of this path.
package spanner

import (
	"context"
	"errors"
)

type Client struct{ sessions chan struct{} }

func NewClient(ctx context.Context, database string) (*Client, error) {
	return &Client{sessions: make(chan struct{})}, ctx.Err()
}

func (c *Client) Close() { close(c.sessions) }

type Statement struct {
	SQL    string
	Params map[string]any
}

type Row struct{}

type txReadOnly struct{ c *Client }

type ReadOnlyTransaction struct{ txReadOnly }

type RowIterator struct{ cancel func() }

func (c *Client) Single() *ReadOnlyTransaction {
	return &ReadOnlyTransaction{txReadOnly{c: c}}
}

func (c *Client) ReadOnlyTransaction() *ReadOnlyTransaction {
	return &ReadOnlyTransaction{txReadOnly{c: c}}
}

func (t *ReadOnlyTransaction) Close() { <-t.c.sessions }

func (t *txReadOnly) Query(ctx context.Context, statement Statement) *RowIterator {
	_, cancel := context.WithCancel(ctx)
	return &RowIterator{cancel: cancel}
}

func (r *RowIterator) Next() (*Row, error) { return nil, errors.New("no more items in iterator") }

func (r *RowIterator) Do(f func(r *Row) error) error {
	defer r.Stop()
	for {
		row, err := r.Next()
		if err != nil {
			return nil
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

func (r *RowIterator) Stop() { r.cancel() }
