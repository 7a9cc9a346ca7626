package p

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

func touch(path string) error {
	err := os.MkdirAll("x", 0o700)
	if err != nil {
		return err
	}
	if f, err := os.Create(path); err != nil {
		return fmt.Errorf("creating: %w", err)
	} else {
		f.Close()
	}
	if f, err := os.Create(path + ".lock"); err == nil {
		f.Close()
		fmt.Println("locked")
	}
	return err
}

func ping(url string) (err error) {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	resp.Body.Close()
	return nil
}

func pingAll(urls []string) (err error) {
	if len(urls) > 0 {
		var resp *http.Response
		resp, err = http.Get(urls[0])
		if err == nil {
			defer resp.Body.Close()
		}
	}
	return err
}

func work(ctx context.Context) {}

func bounded(ctx context.Context, limited bool) {
	if limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 1)
		defer cancel()
	}
	work(ctx)
}

func pingBoth(first, second string) error {
	var err error
	var resp *http.Response
	if resp, err = http.Get(first); err != nil {
		return err
	}
	resp.Body.Close()
	if resp2, err := http.Get(second); err != nil {
		return err
	} else {
		resp2.Body.Close()
	}
	return nil
}

func pingLast(first, second string) error {
	var err error
	if first != "" {
		if resp, err := http.Get(second); err != nil {
			return fmt.Errorf("second: %w", err)
		} else {
			resp.Body.Close()
		}
	}
	return nil
}

func report(url string, queue chan string) {
	for range queue {
		resp, _ := http.Get(url)
		if resp != nil {
			resp.Body.Close()
		}
	}
}
