package p

import (
	"io"
	"net/http"
	"os"
)

// A channel is closed by what a file is not.
func lines(path string, out chan<- string) error {
	defer close(out)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(f)
	out <- string(b)
	return err
}

type pool struct{ open int }

func (p *pool) closeOne(resp *http.Response) {
	p.open--
	resp.Body.Close()
}

func (p *pool) get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer p.closeOne(resp)
	return io.ReadAll(resp.Body)
}

func closeResponse(resp *http.Response) { resp.Body.Close() }

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer closeResponse(resp)
	return io.ReadAll(resp.Body)
}

func post(url string) (string, error) {
	resp, err := http.Post(url, "text/plain", nil)
	if err != nil {
		return "", err
	}
	return resp.Status, nil
}
