package p

import "context"

func wait(ctx context.Context, work func() int) (int, error) {
	done := make(chan int, 1)
	go func() {
		done <- work()
	}()
	select {
	case n := <-done:
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
