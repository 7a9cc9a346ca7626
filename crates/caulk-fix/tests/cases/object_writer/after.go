package p

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cloud.google.com/go/storage"
)

func upload(ctx context.Context, object *storage.ObjectHandle, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := object.NewWriter(ctx)
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

func partly(ctx context.Context, object *storage.ObjectHandle, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := object.NewWriter(ctx)
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

func kept(ctx context.Context, object *storage.ObjectHandle, r io.Reader, work func(context.Context)) error {
	w := object.NewWriter(ctx) // refused: a goroutine may still use ctx
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	go work(ctx)
	return w.Close()
}

var errShort = errors.New("short")

func short(ctx context.Context, object *storage.ObjectHandle, r io.Reader, size int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := object.NewWriter(ctx)
	n, err := io.Copy(w, r)
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("wrote %d bytes: %w", n, errShort)
	}
	return w.Close()
}

func two(ctx context.Context, object *storage.ObjectHandle, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := object.NewWriter(ctx)
	if _, err := io.Copy(a, r); err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	ctx, cancel2 := context.WithCancel(ctx)
	defer cancel2()
	b := object.NewWriter(ctx)
	if _, err := io.Copy(b, r); err != nil {
		return err
	}
	return b.Close()
}
