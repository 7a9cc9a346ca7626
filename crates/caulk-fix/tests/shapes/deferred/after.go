package p

import "context"

type Client struct{}

func (c *Client) Close() error { return nil }

func (c *Client) Read(ctx context.Context) ([]byte, error) { return nil, ctx.Err() }

func NewClient(ctx context.Context) (*Client, error) { return &Client{}, ctx.Err() }

func fetch(ctx context.Context) ([]byte, error) {
	client, err := NewClient(ctx)
	if err != nil {
		return nil, err
	} // no client
	defer client.Close()

	return client.Read(ctx)
}
