// Package shape: the response of a websocket handshake needs no Close when all went well; the connection does.
package shape

import (
	"context"
	"errors"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

func discarded(ctx context.Context, u string) error {
	conn, _, err := coder.Dial(ctx, u, nil) // ok
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	return conn.Ping(ctx)
}

func statusRead(ctx context.Context, u string) (int, error) {
	conn, resp, err := gorilla.DefaultDialer.DialContext(ctx, u, nil) // ok
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return resp.StatusCode, nil
}

func connectionForgotten(ctx context.Context, u string) error {
	conn, _, err := coder.Dial(ctx, u, nil) // want leak /unclosed-connection/
	if err != nil {
		return err
	}
	return conn.Ping(ctx)
}

func connectionForgottenOnError(u string) error {
	conn, _, err := gorilla.DefaultDialer.Dial(u, nil) // want leak /unclosed-connection/
	if err != nil {
		return err
	}
	if err := conn.WriteMessage(gorilla.TextMessage, []byte("hello")); err != nil {
		return err
	}
	return conn.Close()
}

func statusBeforeError(u string) (*gorilla.Conn, error) {
	conn, resp, err := gorilla.DefaultDialer.Dial(u, nil) // ok
	if resp != nil && resp.StatusCode != 101 {
		return nil, errors.New(resp.Status)
	}
	return conn, err
}

func forgottenAfterStatus(u string) error {
	conn, resp, err := gorilla.DefaultDialer.Dial(u, nil) // want leak /unclosed-connection/
	if resp != nil && resp.StatusCode != 101 {
		return errors.New(resp.Status)
	}
	if err != nil {
		return err
	}
	return conn.WriteMessage(gorilla.TextMessage, []byte("hello"))
}
