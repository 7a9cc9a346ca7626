package p

import (
	"context"
	"errors"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"
)

var errLate = errors.New("late")

// The connection that the goroutine sends goes over the client.
func through(proxy, address string, config *ssh.ClientConfig) (net.Conn, error) {
	client, err := ssh.Dial("tcp", proxy, config) // refused: used by a goroutine
	if err != nil {
		return nil, err
	}
	conns := make(chan net.Conn, 1)
	go func() {
		conn, err := client.Dial("tcp", address)
		if err == nil {
			conns <- conn
		}
	}()
	select {
	case conn := <-conns:
		return conn, nil
	case <-time.After(time.Second):
		return nil, errLate
	}
}

func get(ctx context.Context, host string) error { return ctx.Err() }

// What the group runs has only begun where the turn ends.
func all(parent context.Context, hosts []string) error {
	g, ctx := errgroup.WithContext(parent)
	for _, host := range hosts {
		limited, _ := context.WithTimeout(ctx, time.Minute) // refused: a function that is passed on may still use
		g.Go(func() error { return get(limited, host) })
	}
	return g.Wait()
}

// This one is over then.
func each(parent context.Context, hosts []string) error {
	for _, host := range hosts {
		limited, cancel := context.WithTimeout(parent, time.Minute)
		if err := get(limited, host); err != nil {
			cancel()
			return err
		}
		cancel()
	}
	return nil
}
