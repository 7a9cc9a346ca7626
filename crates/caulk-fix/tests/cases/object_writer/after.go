package p

import (
	"context"
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
