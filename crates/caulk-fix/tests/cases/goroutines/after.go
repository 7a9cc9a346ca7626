package p

import (
	"context"
	"fmt"
)

func work() (int, error) { return 0, nil }

func either(ctx context.Context) (int, error) {
	results := make(chan int, 1)
	failures := make(chan error, 1)
	go func() {
		n, err := work()
		if err != nil {
			failures <- err
			return
		}
		if n < 0 {
			failures <- fmt.Errorf("negative")
			return
		}
		results <- n
	}()
	select {
	case n := <-results:
		return n, nil
	case err := <-failures:
		return 0, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func each(names []string) error {
	failures := make(chan error, len(names))
	for _, name := range names {
		go func() {
			_, err := fmt.Println(name)
			failures <- err
		}()
	}
	for range names {
		if err := <-failures; err != nil {
			return err
		}
	}
	return nil
}

func unknown(names <-chan string) error {
	failures := make(chan error)
	for name := range names {
		go func() {
			_, err := fmt.Println(name)
			failures <- err // refused: several goroutines send on failures
		}()
	}
	for range 3 {
		if err := <-failures; err != nil {
			return err
		}
	}
	return nil
}

func accepting(accept func() (int, error), handle func(int), quit <-chan struct{}) error {
	failed := make(chan error, 1)
	go func() {
		for {
			n, err := accept()
			if err != nil {
				failed <- err
				return
			}
			handle(n)
		}
	}()
	select {
	case <-quit:
		return nil
	case err := <-failed:
		return err
	}
}

func roomForPanics(ctx context.Context, call func() error) error {
	done := make(chan error, 1)
	panics := make(chan any, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				panics <- p
			}
		}()
		done <- call()
		close(done)
	}()
	select {
	case p := <-panics:
		panic(p)
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func relay(copied func(to, from int) error, both bool) error {
	relayed := func(to, from int, done chan error) {
		done <- copied(to, from)
	}
	sent := make(chan error, 1)
	received := make(chan error, 1)
	go relayed(1, 2, received)
	if both {
		go relayed(2, 1, sent)
	}
	select {
	case err := <-sent:
		return err
	case err := <-received:
		return err
	}
}

func givenByName(ctx context.Context) error {
	failed := make(chan error, 1)
	go func(errs chan<- error) {
		_, err := work()
		errs <- err
	}(failed)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return err
	}
}
