package p

import (
	"context"
	"io"
	"net/http"

	"cloud.google.com/go/storage"
	"example.com/conf"
)

func upload(object *storage.ObjectHandle, r *http.Request) error {
	ctx, cancel := context.WithCancel(conf.Context)
	defer cancel()
	w := object.NewWriter(ctx)
	if _, err := io.Copy(w, r.Body); err != nil {
		return err
	}
	return w.Close()
}
