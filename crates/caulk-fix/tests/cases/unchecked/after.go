package p

import (
	"compress/gzip"
	"net/http"
)

func get(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req)
	if err == nil && resp != nil && resp.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(resp.Body)
		if err != nil {
			if resp != nil {
				resp.Body.Close()
			}
			return nil, err
		}
		resp.Body = zr
	}
	return resp, err
}
