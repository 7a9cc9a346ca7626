package p

import (
	"errors"
	"net/http"
)

// What stands behind a label is acquired again where something goes back there.
func remove(client *http.Client, req *http.Request, tries int) error {
retry:
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		if tries > 0 {
			tries--
			resp.Body.Close()
			goto retry
		}
		return errors.New(resp.Status)
	}
	return nil
}
