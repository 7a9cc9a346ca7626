package p

import (
	"io"
	"net/http"

	"cloud.google.com/go/storage"
	"example.com/conf"
)

func upload(object *storage.ObjectHandle, r *http.Request) error {
	w := object.NewWriter(conf.Context)
	if _, err := io.Copy(w, r.Body); err != nil {
		return err
	}
	return nil
}
