package p

import (
	"encoding/json"
	"net/http"
	"time"
)

// What is returned is made before a deferred release runs, and only an error comes of it.
func retried(url string, out any) error {
	for {
		resp, err := http.Get(url)
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		if resp.StatusCode == http.StatusOK {
			defer resp.Body.Close()
			return json.NewDecoder(resp.Body).Decode(out)
		}
		resp.Body.Close()
	}
}
