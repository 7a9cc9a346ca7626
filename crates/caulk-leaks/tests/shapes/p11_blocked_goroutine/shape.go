// Package shape: a goroutine waits on a channel that nobody serves any more.
package shape

import (
	"context"
	"errors"
	"time"
)

var errTimeout = errors.New("timed out")

func work() int { return 1 }

func sendAfterTimeout(d time.Duration) (int, error) {
	done := make(chan int)
	go func() {
		done <- work() // want leak /blocked-goroutine/
	}()
	select {
	case x := <-done:
		return x, nil
	case <-time.After(d):
		return 0, errTimeout
	}
}

func sendAfterCancel(ctx context.Context) (int, error) {
	type outcome struct {
		x   int
		err error
	}
	done := make(chan outcome)
	go func() {
		x := work()
		done <- outcome{x, nil} // want leak /blocked-goroutine/
	}()
	select {
	case o := <-done:
		return o.x, o.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

type runner struct{ n int }

func (r *runner) do(out chan<- int) { out <- r.n }

func (r *runner) methodAsGoroutine(ctx context.Context) (int, error) {
	out := make(chan int)
	go r.do(out) // want leak /blocked-goroutine/
	select {
	case x := <-out:
		return x, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func buffered(d time.Duration) (int, error) {
	done := make(chan int, 1)
	go func() { // ok
		done <- work()
	}()
	select {
	case x := <-done:
		return x, nil
	case <-time.After(d):
		return 0, errTimeout
	}
}

func sendGivesUp(ctx context.Context) (int, error) {
	done := make(chan int)
	go func() { // ok
		select {
		case done <- work():
		case <-ctx.Done():
		}
	}()
	select {
	case x := <-done:
		return x, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func alwaysReceived() int {
	done := make(chan int)
	go func() { // ok
		done <- work()
	}()
	return <-done
}

func firstOfMany(n int) int {
	out := make(chan int)
	for range n {
		go func() {
			out <- work() // want leak /blocked-goroutine/
		}()
	}
	return <-out
}

func firstOfManyBuffered(n int) int {
	out := make(chan int, n)
	for range n {
		go func() { // ok
			out <- work()
		}()
	}
	return <-out
}

func earlyReturn(bad bool) (int, error) {
	out := make(chan int)
	go func() {
		out <- work() // want leak /blocked-goroutine/
	}()
	if bad {
		return 0, errTimeout
	}
	return <-out, nil
}

func neverClosed(xs []int) {
	in := make(chan int)
	go func() { // want leak /blocked-goroutine/
		for range in {
			work()
		}
	}()
	for _, x := range xs {
		in <- x
	}
}

func closed(xs []int) {
	in := make(chan int)
	go func() { // ok
		for range in {
			work()
		}
	}()
	for _, x := range xs {
		in <- x
	}
	close(in)
}

func generator(n int) <-chan int {
	out := make(chan int)
	go func() { // ok
		defer close(out)
		for i := range n {
			out <- i
		}
	}()
	return out
}

func untilBothAreClosed() error {
	a, b := make(chan error), make(chan error)
	go func() { // ok
		defer close(a)
		a <- errTimeout
	}()
	go func() { // ok
		defer close(b)
		b <- errTimeout
	}()
	var aDone, bDone bool
	for {
		if aDone && bDone {
			return nil
		}
		select {
		case _, ok := <-a:
			aDone = !ok
		case _, ok := <-b:
			bDone = !ok
		}
	}
}

func untilCancelled(ctx context.Context) (n int) {
	done := make(chan int)
	go func() {
		done <- work() // want leak /blocked-goroutine/
	}()
	for {
		select {
		case x := <-done:
			n += x
		case <-ctx.Done():
			return n
		}
	}
}
