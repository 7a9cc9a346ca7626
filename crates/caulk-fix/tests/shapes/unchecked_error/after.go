package p

import "net/http"

func status(url string) int {
	resp, err := http.Get(url)
	if err == nil {
		defer resp.Body.Close()
	}
	code := 0
	if err == nil && resp.StatusCode > 200 {
		code = resp.StatusCode
	}
	return code
}

func statusWithoutError(url string) int {
	resp, _ := http.Get(url)
	if resp != nil {
		defer resp.Body.Close()
		return resp.StatusCode
	}
	return 0
}
