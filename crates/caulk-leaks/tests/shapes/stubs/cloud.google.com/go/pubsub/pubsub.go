// Package pubsub declares what the shapes use of the package of this path.
package pubsub

import (
	"context"

	"google.golang.org/api/option"
)

type Client struct{ conn *connection }

type connection struct{ closed chan struct{} }

type Topic struct{ c *Client }

func NewClient(ctx context.Context, projectID string, opts ...option.ClientOption) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn := &connection{closed: make(chan struct{})}
	go func() { <-conn.closed }()
	return &Client{conn: conn}, nil
}

func (c *Client) Topic(id string) *Topic { return &Topic{c: c} }

func (c *Client) Close() error {
	close(c.conn.closed)
	return nil
}

func (t *Topic) Exists(ctx context.Context) (bool, error) { return t.c != nil, ctx.Err() }
