package p

import (
	"context"
	"os"
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
