package p

import (
	"net/http"
	"os"
)

// The error of a call whose result is dropped is only returned.
func post(client *http.Client, url string) error {
	_, err := client.Post(url, "text/plain", nil)
	return err
}

func ask(client *http.Client, url string) (bool, error) {
	_, err := client.Get(url)
	return true, err
}

func touch(name string) error {
	_, err := os.Create(name)
	return err
}
