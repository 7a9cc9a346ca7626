package p

import (
	"errors"
	"net"
	"net/http"
)

type page struct {
	names []string
	next  string
}

func list(from string) (page, *http.Response, error) {
	resp, err := http.Get(from)
	return page{}, resp, err
}

func all(from string) ([]string, error) {
	var names []string
	for {
		p, resp, err := list(from)
		if err != nil {
			return nil, err
		}
		if resp != nil && resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return nil, errors.New(resp.Status)
		}
		names = append(names, p.names...)
		if p.next == "" {
			if resp != nil {
				resp.Body.Close()
			}
			break
		}
		from = p.next
		if resp != nil {
			resp.Body.Close()
		}
	}
	return names, nil
}

func knock(address string) {
	conn, _ := net.Dial("tcp", address)
	if conn != nil {
		defer conn.Close()
	}
}
