package p

import "net/http"

func ping(url string) error {
	_, err := http.Get(url)
	if err != nil {
		return err
	}
	return nil
}
