package p

import (
	"fmt"
	"io"
	"net/http"
)

// What a literal leaves in a variable of the function around it is closed in the literal only where it fails.
func retry(attempt func() error) (err error) {
	for i := 0; i < 3; i++ {
		if err = attempt(); err == nil {
			return nil
		}
	}
	return err
}

func fetch(url string) ([]byte, error) {
	var resp *http.Response
	if err := retry(func() (err error) {
		resp, err = http.Get(url)
		if err != nil {
			return err
		}
		if resp.StatusCode >= 500 {
			resp.Body.Close()
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
