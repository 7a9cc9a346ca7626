package p

import "net/http"

func ping(url string) error {
	if _, err := http.Get(url); err != nil {
		return err
	}
	return nil
}
