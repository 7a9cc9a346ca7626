// Package websocket declares what the shapes use of the package of this path.
package websocket

import (
	"context"
	"net"
	"net/http"
)

const TextMessage = 1

type Conn struct{ c net.Conn }

type Dialer struct{ ReadBufferSize int }

var DefaultDialer = &Dialer{}

func (d *Dialer) Dial(urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return d.DialContext(context.Background(), urlStr, requestHeader)
}

func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	c, err := net.Dial("tcp", urlStr)
	if err != nil {
		return nil, nil, err
	}
	return &Conn{c: c}, &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: http.NoBody}, nil
}

func (c *Conn) WriteMessage(messageType int, data []byte) error {
	_, err := c.c.Write(data)
	return err
}

func (c *Conn) Close() error { return c.c.Close() }
