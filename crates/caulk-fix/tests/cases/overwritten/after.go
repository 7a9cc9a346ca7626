package p

import (
	"io"
	"net/http"
)

func retry(url string) error {
	var resp *http.Response
	var err error
	for range 3 {
		if resp != nil {
			resp.Body.Close()
		}
		resp, err = http.Get(url)
		if err != nil {
			continue
		}
		if resp.StatusCode == http.StatusOK {
			break
		}
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
