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
	if _, err := os.Create(path); err != nil {
		return fmt.Errorf("creating: %w", err)
	}
	if _, err := os.Create(path + ".lock"); err == nil {
		fmt.Println("locked")
	}
	return err
}

func ping(url string) (err error) {
	_, err = http.Get(url)
	return err
}

func pingAll(urls []string) (err error) {
	if len(urls) > 0 {
		_, err = http.Get(urls[0])
	}
	return err
}

func work(ctx context.Context) {}

func bounded(ctx context.Context, limited bool) {
	if limited {
		ctx, _ = context.WithTimeout(ctx, 1)
	}
	work(ctx)
}

func pingBoth(first, second string) error {
	var err error
	if _, err = http.Get(first); err != nil {
		return err
	}
	if _, err = http.Get(second); err != nil {
		return err
	}
	return nil
}

func pingLast(first, second string) error {
	var err error
	if first != "" {
		if _, err = http.Get(second); err != nil {
			return fmt.Errorf("second: %w", err)
		}
	}
	return nil
}

func report(url string, queue chan string) {
	for range queue {
		_, _ = http.Get(url)
	}
}
