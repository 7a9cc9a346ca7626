// Package containeranalysis declares what the shapes use of the package of this path.
package containeranalysis

import (
	"context"

	grafeas "cloud.google.com/go/grafeas/apiv1"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
)

type Client struct{ conn *grpc.ClientConn }

func NewContainerAnalysisClient(ctx context.Context, opts ...option.ClientOption) (*Client, error) {
	conn, err := grpc.NewClient("containeranalysis.googleapis.com:443")
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn}, nil
}

func (c *Client) GetGrafeasClient() *grafeas.Client { return grafeas.NewClient(c.conn) }

func (c *Client) Close() error { return c.conn.Close() }
