package server

import (
	"bytes"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAvatar(t *testing.T) {
	h := New(4, slog.New(slog.DiscardHandler)).Handler()
	get := func(path, etag string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("GET", path, nil)
		req.Header.Set("If-None-Match", etag)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		return rec
	}

	first := get("/v0/avatars/ada?size=64", "")
	if first.Code != http.StatusOK {
		t.Fatalf("got %d: %s", first.Code, first.Body)
	}
	img, err := png.Decode(bytes.NewReader(first.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 64 || b.Dy() != 64 {
		t.Errorf("got %v", b)
	}
	if again := get("/v0/avatars/ada?size=64", first.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("same ETag: got %d", again.Code)
	}
	if other := get("/v0/avatars/alan?size=64", first.Header().Get("ETag")); other.Code != http.StatusOK {
		t.Errorf("another name with the ETag of the first: got %d", other.Code)
	}
	for _, size := range []string{"0", "513", "big"} {
		if bad := get("/v0/avatars/ada?size="+size, ""); bad.Code != http.StatusBadRequest {
			t.Errorf("size %s: got %d", size, bad.Code)
		}
	}
}
