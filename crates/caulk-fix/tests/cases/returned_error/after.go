package p

import (
	"net/http"
	"os"
)

// The error of a call whose result is dropped is only returned.
func post(client *http.Client, url string) error {
	resp, err := client.Post(url, "text/plain", nil)
	if err != nil {
		return err
	}
	resp.Body.Close()
	return nil
}

func ask(client *http.Client, url string) (bool, error) {
	resp, err := client.Get(url)
	if err != nil {
		return true, err
	}
	resp.Body.Close()
	return true, nil
}

func touch(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return f.Close()
}
