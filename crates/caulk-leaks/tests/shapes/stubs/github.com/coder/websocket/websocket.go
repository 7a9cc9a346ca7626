// Package websocket declares what the shapes use of the package of this path.
package websocket

import (
	"context"
	"net"
	"net/http"
)

type Conn struct{ c net.Conn }

type DialOptions struct{ HTTPHeader http.Header }

type StatusCode int

func Dial(ctx context.Context, u string, opts *DialOptions) (*Conn, *http.Response, error) {
	c, err := net.Dial("tcp", u)
	if err != nil {
		return nil, nil, err
	}
	return &Conn{c: c}, &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: http.NoBody}, nil
}

func (c *Conn) Ping(ctx context.Context) error { return ctx.Err() }

func (c *Conn) CloseNow() error { return c.c.Close() }

func (c *Conn) Close(code StatusCode, reason string) error { return c.c.Close() }
