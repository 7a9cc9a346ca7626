package p

import (
	"compress/gzip"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func get(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req)
	if err == nil && resp != nil && resp.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, err
		}
		resp.Body = zr
	}
	return resp, err
}

// The check goes on: its else has the file.
func goesOn(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		log.Print(err)
	}
	return io.ReadAll(f)
}

func copies(urls []string) {
	for _, url := range urls {
		if url != "" {
			resp, err := http.Get(url)
			log.Print(resp)
			if err != nil {
				log.Print(err)
			}
		}
	}
}

// Who is told to stop does not look at the error first.
func connected(ctx context.Context, addr string) net.Conn {
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		if err == nil {
			return conn
		}
		log.Print(err)
	}
}
