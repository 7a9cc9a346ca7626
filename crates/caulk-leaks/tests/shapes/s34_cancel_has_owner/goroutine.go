package shape

import (
	"context"
	"time"
)

// The goroutine calls it, or ends because the context has.
func cancelledByWatcher(p context.Context, stop <-chan struct{}) context.Context {
	ctx, cancel := context.WithCancel(p) // ok
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx
}

// Past the time limit the workers are cancelled; otherwise they have ended.
func cancelledWhenLate(workers func(context.Context), done <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background()) // ok
	go workers(ctx)
	go func() {
		select {
		case <-time.After(time.Minute):
			cancel()
			<-done
		case <-done:
		}
	}()
}
