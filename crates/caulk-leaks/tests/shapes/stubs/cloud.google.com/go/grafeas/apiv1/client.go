// Package grafeas declares what the shapes use of the package of this path.
package grafeas

import "google.golang.org/grpc"

type Client struct{ conn *grpc.ClientConn }

func NewClient(conn *grpc.ClientConn) *Client { return &Client{conn: conn} }

func (c *Client) Close() error { return c.conn.Close() }
