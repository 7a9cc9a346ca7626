package p

import (
	"io"
	"net/http"
)

func closeQuietly(c io.Closer) { _ = c.Close() }

func first(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer closeQuietly(resp.Body)
	return io.ReadAll(resp.Body)
}

func second(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer closeQuietly(resp.Body)
	return io.ReadAll(resp.Body)
}
