package p

import (
	"context"
	"os"

	"example.org/kit"
)

// What is released takes a context.
type daemon struct{ f *os.File }

func start(name string) (*daemon, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &daemon{f: f}, nil
}

func (d *daemon) Shutdown(ctx context.Context) error {
	return d.f.Close()
}

func run(name string) (string, error) {
	d, err := start(name)
	if err != nil {
		return "", err
	}
	return d.f.Name(), nil
}

// The type is not at hand: what its release takes is seen where the function calls that.
func ask(ctx context.Context, address string) error {
	client, err := kit.Dial(ctx, address)
	if err != nil {
		return err
	}
	if err := client.Ping(ctx); err != nil {
		return err
	}
	if err := client.Greet(); err != nil {
		client.Close(ctx)
		return err
	}
	return client.Close(ctx)
}
