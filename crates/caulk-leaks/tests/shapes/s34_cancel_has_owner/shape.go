// Package shape: the cancel function moves to something that lives longer.
package shape

import (
	"context"
	"sync"
	"testing"
)

func returned(p context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(p) // ok
	return ctx, cancel
}

func returnedInLiteral(p context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(p) // ok
	return ctx, func() {
		println("stopping")
		cancel()
	}
}

type S struct {
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func (s *S) Start(p context.Context) {
	ctx, cancel := context.WithCancel(p) // ok
	s.stop = cancel
	s.wg.Go(func() { <-ctx.Done() })
}

func (s *S) Close() {
	s.stop()
	s.wg.Wait()
}

func newS(p context.Context) *S {
	ctx, cancel := context.WithCancel(p) // ok
	s := &S{stop: cancel}
	s.wg.Go(func() { <-ctx.Done() })
	return s
}

var stopAll context.CancelFunc

func startAll(p context.Context) context.Context {
	Shutdown()
	ctx, cancel := context.WithCancel(p) // ok
	stopAll = cancel
	return ctx
}

func Shutdown() {
	if stopAll != nil {
		stopAll()
	}
}

func collected(p context.Context, n int) (ctxs []context.Context, stop func()) {
	var cleanups []func()
	for range n {
		ctx, cancel := context.WithCancel(p) // ok
		ctxs = append(ctxs, ctx)
		cleanups = append(cleanups, cancel)
	}
	return ctxs, func() {
		for _, c := range cleanups {
			c()
		}
	}
}

func goroutine(p context.Context, done <-chan struct{}) context.Context {
	ctx, cancel := context.WithCancel(p) // ok
	go func(stop func()) {
		<-done
		stop()
	}(cancel)
	return ctx
}

func goroutineCapture(p context.Context, work func(context.Context)) {
	ctx, cancel := context.WithCancel(p) // ok
	go func() {
		defer cancel()
		work(ctx)
	}()
}

func afterFunc(p, other context.Context) context.Context {
	ctx, cancel := context.WithCancel(p) // ok
	context.AfterFunc(other, cancel)
	return ctx
}

func inTest(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(context.Background()) // ok
	t.Cleanup(cancel)
	return ctx
}

func withCause(p context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(p) // ok
	err := work(ctx)
	cancel(err)
	return err
}

// The context is there exactly while its cancel function is owed.
func toggled(p context.Context, commands <-chan string) {
	var ctx context.Context
	var cancel context.CancelFunc
	for command := range commands {
		switch command {
		case "start":
			if ctx != nil {
				continue
			}
			ctx, cancel = context.WithCancel(p) // ok
			_ = ctx.Err()
		case "stop":
			if ctx == nil {
				continue
			}
			cancel()
			ctx = nil
		}
	}
	if ctx != nil {
		cancel()
	}
}
